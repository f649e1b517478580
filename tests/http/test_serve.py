"""The socket that the server listens on."""

import asyncio
import socket

from sfumato.http.serve import listen


def test_no_answer_waits_for_the_one_before_to_be_acknowledged():
    """Small answers on a connection that is kept would else come 40 ms late: asyncio trusts the listening socket."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen("127.0.0.1", 0)
        async with await asyncio.start_server(meet, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    assert asyncio.run(accepted())
