"""Pictures of people: drawn anew, small and square, so that nothing of the file they sent is kept."""

import asyncio
import base64
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.ids import public
from ocpp_css.people import audit
from ocpp_css.people.accounts import store
from ocpp_css.storage import Unit

SIDE = 256
MOST_BYTES = 5_000_000
MOST_PIXELS = 50_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_ONE_AT_A_TIME = asyncio.Semaphore(1)


class PictureRefused(Invalid):
    """The file is no picture that can be read, or too large."""

    code = "picture_refused"
    title = "This picture cannot be used"
    explanation = "Send a JPEG, PNG, WebP or GIF of up to 5 MB."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("picture", self.title)])


async def keep_picture(unit: Unit, principal: Principal, raw: bytes) -> None:
    """Draw the picture anew and keep it; away from the loop, one at a time."""
    if not 0 < len(raw) <= MOST_BYTES:
        raise PictureRefused
    async with _ONE_AT_A_TIME:
        drawn = await asyncio.to_thread(_drawn_anew, raw)
    store.keep_picture(unit, principal.id, base64.b64encode(drawn).decode())
    audit.record(unit, principal, "user.changed", "user", public(principal.id), None, {"changed": ["picture"]})


async def picture_of(unit: Unit, user_id: int) -> bytes | None:
    """The person's picture as WebP, if there is one."""
    found = await store.picture(unit, user_id)
    return None if found is None else base64.b64decode(found)


def remove_picture(unit: Unit, principal: Principal) -> None:
    """Take the picture out."""
    store.remove_picture(unit, principal.id)
    audit.record(unit, principal, "user.changed", "user", public(principal.id), None, {"changed": ["picture"]})


def _drawn_anew(raw: bytes) -> bytes:
    """A square WebP without metadata; PictureRefused for what is no picture, or a bomb."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as found:
                if found.width * found.height > MOST_PIXELS:
                    raise PictureRefused
                square = ImageOps.fit(ImageOps.exif_transpose(found).convert("RGB"), (SIDE, SIDE))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        raise PictureRefused from None
    clean, out = Image.new("RGB", square.size), io.BytesIO()
    clean.paste(square)
    clean.save(out, "WEBP", quality=85)
    return out.getvalue()
