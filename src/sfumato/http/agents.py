"""Tools for assistants that speak the Model Context Protocol (https://modelcontextprotocol.io).

A method of `Tools` is a tool: its name, signature and docstring are what the assistant reads. Painting goes through the
queue as everybody's does; an answer holds the picture itself, small, and where the whole of it is.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ContentBlock, ImageContent, TextContent, ToolAnnotations
from pydantic import Field

from sfumato import __version__, exports
from sfumato.core.card import Card
from sfumato.core.errors import Forbidden, RequestError, SfumatoError
from sfumato.core.job import Job, JobEvent
from sfumato.core.picture import Picture
from sfumato.http.crew import Crew
from sfumato.http.desk import Caller
from sfumato.http.hub import Hub
from sfumato.http.logs import Log
from sfumato.library import Entry
from sfumato.masks import Where
from sfumato.settings import Settings
from sfumato.studio import Studio

LONG_EDGE = 768  # pixels of the picture in an answer; assistants take about a megabyte
MOST = 8  # pictures of one call

Number = Annotated[int, Field(ge=1, lt=2**63)]
Wait = Annotated[float, Field(ge=0, le=3600, description="Seconds to wait for it; afterwards ask with the tool job.")]

ABOUT = (
    "Paints pictures from words on the user's own machine. Pictures are kept under numbers, which edit and upscale "
    "take and search finds. What takes longer than you waited goes on: ask for it with job, stop it with cancel."
)


@dataclass(frozen=True)
class Reach:
    """How far a caller gets. caller: who it is. where: what is said of a picture's place. files: may paths be read?"""

    caller: Callable[[Context], Caller]
    where: Callable[[Context, Entry], str]
    files: bool


class Tools:
    """Each public method is one tool."""

    def __init__(self, studio: Studio, hub: Hub, reach: Reach):
        self._studio, self._hub, self._reach = studio, hub, reach

    async def generate(
        self,
        ctx: Context,
        prompt: Annotated[str, Field(description="What the picture shows.")],
        n: Annotated[int, Field(ge=1, le=MOST, description="How many; picture i has seed + i.")] = 1,
        model: Annotated[str | None, Field(description="A name that the tool models tells.")] = None,
        negative: Annotated[str | None, Field(description="What it must not show.")] = None,
        width: int | None = None,
        height: int | None = None,
        aspect_ratio: Annotated[str | None, Field(description="As 16:9, in place of width and height.")] = None,
        seed: Annotated[int | None, Field(ge=0, lt=2**64)] = None,
        steps: int | None = None,
        guidance: float | None = None,
        style: str | None = None,
        wait: Wait = 300,
    ) -> CallToolResult:
        """Paint pictures from words."""
        fields = {"n": n, "model": model, "negative": negative, "width": width, "height": height, "seed": seed,
                  "aspect_ratio": aspect_ratio, "steps": steps, "guidance": guidance, "style": style}  # fmt: skip
        job = await asyncio.to_thread(self._submit, ctx, prompt, fields)
        return await self._awaited(ctx, job, wait)

    async def edit(
        self,
        ctx: Context,
        prompt: Annotated[str, Field(description="What the picture is to show afterwards.")],
        picture: Annotated[Number | None, Field(description="A kept picture's number.")] = None,
        file: Annotated[str | None, Field(description="Or a picture file's path.")] = None,
        mask_box: Annotated[str | None, Field(description="Paint only here: left,top,right,bottom in pixels.")] = None,
        strength: Annotated[float | None, Field(ge=0, le=1, description="How much is painted anew.")] = None,
        seed: Annotated[int | None, Field(ge=0, lt=2**64)] = None,
        wait: Wait = 300,
    ) -> CallToolResult:
        """Paint a picture anew, or only a box of it; outside of the box no pixel changes."""
        fields = {"strength": strength, "seed": seed}

        def submitted() -> Job:
            source = self._source(ctx, picture, file)
            order, _ = self._studio.edit_order(source, prompt, Where(box=mask_box), **fields)
            return self._submit(ctx, order, {"edited": picture, "mask_box": mask_box, **fields})

        return await self._awaited(ctx, await asyncio.to_thread(submitted), wait)

    async def upscale(
        self,
        ctx: Context,
        picture: Annotated[Number | None, Field(description="A kept picture's number.")] = None,
        file: Annotated[str | None, Field(description="Or a picture file's path; the result lies beside it.")] = None,
        times: Annotated[int, Field(ge=2, le=4)] = 2,
        kind: Annotated[str, Field(description="drawing, photo, or plain, which needs no weights.")] = "plain",
    ) -> CallToolResult:
        """Enlarge a picture two, three or four times."""
        return await asyncio.to_thread(self._upscaled, ctx, picture, file, times, kind)

    async def models(
        self, purpose: Annotated[str | None, Field(description="As: readable text.")] = None, here: bool = True
    ) -> CallToolResult:
        """The models there are, with what each knows and lacks. here: only those that are ready to paint."""
        cards = await asyncio.to_thread(self._studio.models, purpose=purpose)
        ready = await asyncio.to_thread(self._studio.models_here)
        return said({"models": [of_card(card, card.name in ready) for card in cards if not here or card.name in ready]})

    async def search(
        self,
        ctx: Context,
        text: Annotated[str | None, Field(description="Words of the prompt.")] = None,
        tag: str | None = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        show: Annotated[bool, Field(description="Also the first eight pictures themselves, small.")] = False,
    ) -> CallToolResult:
        """Find kept pictures, newest first."""
        sees = self._reach.caller(ctx).sees
        found = await asyncio.to_thread(self._studio.library.find, text, owner=sees, tag=tag, limit=limit)
        images = [await asyncio.to_thread(small, entry) for entry in found[:MOST]] if show else []
        return said({"pictures": [self._of(ctx, entry) for entry in found]}, images)

    async def job(self, ctx: Context, job: str, wait: Wait = 0) -> CallToolResult:
        """How far a job is, and its pictures."""
        return await self._awaited(ctx, await self._mine(ctx, job), wait)

    async def cancel(self, ctx: Context, job: str) -> CallToolResult:
        """Stop a job; pictures that are finished stay."""
        job = (await self._mine(ctx, job)).id
        stopped = await asyncio.to_thread(self._studio.queue.cancel, job, self._reach.caller(ctx).sees)
        self._hub.look()
        return await self._shown(ctx, stopped)

    async def _mine(self, ctx: Context, job: str) -> Job:
        return await asyncio.to_thread(self._studio.queue.get, job, self._reach.caller(ctx).sees)

    def _submit(self, ctx: Context, order: Any, fields: dict[str, Any]) -> Job:
        caller = self._reach.caller(ctx)
        wishes = fields if isinstance(order, str) else {}
        asked = {"prompt": order if isinstance(order, str) else order.prompt, **fields}
        job = self._studio.submit(
            order, owner=caller.owner, most=caller.most, priority="interactive", door="mcp",
            asked={name: value for name, value in asked.items() if value is not None}, **wishes,
        )  # fmt: skip
        self._hub.look()
        return job

    def _source(self, ctx: Context, picture: int | None, file: str | None) -> Path:
        """The file to begin with; Forbidden where paths are another machine's."""
        if (picture is None) == (file is None):
            raise RequestError("give either the number of a kept picture, or a file")
        if picture is not None:
            return self._studio.library.entry(picture, self._reach.caller(ctx).sees).picture
        if not self._reach.files:
            raise Forbidden("files of this machine are not opened from afar: name a kept picture's number")
        return Path(str(file)).expanduser()

    def _upscaled(
        self, ctx: Context, picture: int | None, file: str | None, times: int, kind: str
    ) -> CallToolResult:  # fmt: skip
        source = self._source(ctx, picture, file)
        beside = source.with_name(f"{source.stem}-x{times}.png")
        if file is not None:
            self._studio.check_file(beside)
        large = self._studio.upscale(source, times, kind)
        if file is not None:
            return said({"path": str(large.save(beside)), "width": large.image.width, "height": large.image.height})
        assert large.recipe is not None  # what is in the library was painted here
        entry = self._studio.keep(
            Picture(large.image, large.recipe, large.seconds, exports.save), self._reach.caller(ctx).owner
        )
        return said({"pictures": [self._of(ctx, entry)]}, [small(entry)])

    async def _awaited(self, ctx: Context, job: Job, seconds: float) -> CallToolResult:
        """The job when it has ended, or as it is by then; progress is told meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                async for event in self._hub.events(job.id):
                    if event is not None and not isinstance(event, JobEvent) and event.kind == "step":
                        whole = event.data["number"] + event.data["step"] / max(1, event.data["steps"])
                        await ctx.report_progress(whole, len(job.recipes))
        except TimeoutError:
            pass
        return await self._shown(ctx, await asyncio.to_thread(self._studio.queue.get, job.id))

    async def _shown(self, ctx: Context, job: Job) -> CallToolResult:
        if job.state == "failed":
            raise ToolError(f"job {job.id} failed: {job.reason}")
        entries = [await asyncio.to_thread(self._studio.library.entry, made.picture) for made in job.made]
        told: dict[str, Any] = {"job": job.id, "state": job.state, "warnings": list(job.warnings)}
        told |= {"reason": job.reason} if job.reason else {}
        if not job.is_ended:
            told["progress"] = f"{len(job.made)} of {len(job.recipes)} pictures; step {job.step} of {job.steps}"
        images = [await asyncio.to_thread(small, entry) for entry in entries[:MOST]]
        return said({**told, "pictures": [self._of(ctx, entry) for entry in entries]}, images)

    def _of(self, ctx: Context, entry: Entry) -> dict[str, Any]:
        recipe = entry.recipe
        return {"picture": entry.id, "file": self._reach.where(ctx, entry), "prompt": recipe.prompt,
                "seed": recipe.seed, "model": recipe.model, "width": entry.width, "height": entry.height}  # fmt: skip


def server_of(tools: Tools) -> MCPServer:
    """All tools, behind the official SDK."""
    server = MCPServer("sfumato", title="Sfumato", version=__version__, instructions=ABOUT, log_level="WARNING")
    for name, verb in vars(Tools).items():
        if not name.startswith("_"):
            reads = ToolAnnotations(read_only_hint=name in {"models", "search", "job"}, open_world_hint=False)
            server.add_tool(told(getattr(tools, name)), name, description=verb.__doc__, annotations=reads)
    return server


def told(verb: Callable[..., Coroutine[Any, Any, CallToolResult]]) -> Callable[..., Any]:
    """Our own errors say what to do next: the assistant may read them."""

    @wraps(verb)
    async def tool(*arguments: Any, **options: Any) -> CallToolResult:
        try:
            return await verb(*arguments, **options)
        except SfumatoError as error:
            raise ToolError(str(error)) from error

    return tool


def said(data: dict[str, Any], images: list[ImageContent] | None = None) -> CallToolResult:
    """Pictures first, then the same words as text and as data."""
    content: list[ContentBlock] = [*(images or []), TextContent(type="text", text=json.dumps(data, ensure_ascii=False))]
    return CallToolResult(content=content, structured_content=data)


def small(entry: Entry) -> ImageContent:
    """A picture's pixels, WebP, at most LONG_EDGE; nothing of how it was made is in it."""
    image, _ = exports.pixels(entry.picture)
    image.thumbnail((LONG_EDGE, LONG_EDGE))
    data = exports.encode(image, entry.recipe, "webp", 85, "none")
    return ImageContent(type="image", data=base64.b64encode(data).decode(), mime_type="image/webp")


def of_card(card: Card, here: bool) -> dict[str, Any]:
    return {"name": card.name, "title": card.title, "about": card.about, "knows": card.knows, "lacks": card.lacks,
            "operations": list(card.operations), "licence": card.licence, "here": here}  # fmt: skip


async def stdio(settings: Settings, workers: int) -> None:
    """Serve the one who started this process, until they close its input."""
    log, studio = Log(), Studio(settings)
    with Crew(studio, settings, workers, log) as crew:
        reach = Reach(lambda context: Caller(), lambda context, entry: str(entry.picture), files=True)
        server = server_of(Tools(studio, crew.hub, reach))
        looking = asyncio.create_task(crew.hub.run())
        try:
            await server.run_stdio_async()
        finally:
            crew.hub.close()
            looking.cancel()
