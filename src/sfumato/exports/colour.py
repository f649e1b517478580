"""The sRGB profile that goes into files whose format has no shorter way to say "sRGB"."""

from functools import cache


@cache
def srgb_profile() -> bytes:
    """An ICC profile without its date, which LittleCMS sets to now: the same recipe is to give the same file."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # ICC.1:2022, table 17: date and time
    return bytes(profile)
