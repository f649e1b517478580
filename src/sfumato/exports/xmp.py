"""XMP: what kind of picture this is, in words that search engines and archives read; and our recipe in our own.

Digital source type: https://cv.iptc.org/newscodes/digitalsourcetype/. The recipe is JSON of plain ASCII, every other
letter escaped by JSON itself, because XML 1.0 has no way to hold a control character, and turns CR LF into LF.
"""

import html
from xml.etree import ElementTree

NAMESPACE = "urn:sfumato:xmp:1.0:"  # a name, not an address
AI_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:sfumato="{ours}">
<Iptc4xmpExt:DigitalSourceType>{kind}</Iptc4xmpExt:DigitalSourceType>{recipe}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def packet(recipe: str | None) -> bytes:
    """An XMP packet; recipe: ASCII JSON, or None to leave it out."""
    element = "" if recipe is None else f"\n<sfumato:recipe>{html.escape(recipe, quote=False)}</sfumato:recipe>"
    return PACKET.format(ours=NAMESPACE, kind=AI_MADE, recipe=element).encode()


def recipe_in(xmp: str) -> str | None:
    """Our recipe's JSON, or None. A packet that declares a document type is not parsed: entities could explode."""
    if NAMESPACE not in xmp or "<!DOCTYPE" in xmp or "<!ENTITY" in xmp:
        return None
    try:
        root = ElementTree.fromstring(xmp)
    except (ElementTree.ParseError, ValueError):
        return None
    name = f"{{{NAMESPACE}}}recipe"
    for element in root.iter():
        if element.tag == name:
            return element.text
        if name in element.attrib:  # the short form that other tools turn it into
            return element.attrib[name]
    return None
