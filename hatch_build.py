"""Copy the browser's assets out of pinned PyPI packages into the package's own static folder."""

import hashlib
import json
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {
    "django-htmx": {
        "django_htmx/static/django_htmx/htmx-2.min.js": "htmx.js",
    },
    "uplot-python": {
        "uplot/static/uPlot.iife.js": "uplot.js",
    },
    "swagger-ui-bundle-v2": {
        "swagger_ui_bundle/vendor/swagger-ui-5.31.0/swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger_ui_bundle/vendor/swagger-ui-5.31.0/swagger-ui.css": "swagger-ui.css",
    },
}

ICON_PACKAGE = "tablerpy"
ICON_FOLDER = "tablerpy/icons/outline"
ICONS = (  # noqa: SIM905 - a hundred names read better so
    "activity adjustments alert-circle alert-triangle arrow-down-left arrow-left arrow-right arrow-up-right "
    "arrows-exchange arrows-sort ban battery-charging bell bolt building building-store calendar certificate "
    "charging-pile chart-bar chart-line check chevron-down chevron-left chevron-right chevron-up circle-check "
    "circle-dot circle-x clock code columns-3 coin copy cpu credit-card database device-desktop discount dots "
    "download external-link eye eye-off file-text filter help history home hourglass inbox info-circle key "
    "language layout-dashboard layout-grid link list loader-2 lock lock-open login logout mail map map-pin "
    "menu-2 message messages microphone minus moon news nfc pencil percentage player-pause player-play "
    "player-stop plug plug-connected plug-off plus point power presentation-analytics qrcode receipt refresh rotate "
    "search send settings shield-check shield-lock shopping-cart speakerphone star sun table tag thumb-up "
    "tools trash upload user users volume webhook wifi wifi-off world x "
).split()


def sprite(folder: Path) -> str:
    """One SVG that holds the icons we use as symbols; the page gives them their stroke."""
    symbols = []
    for name in ICONS:
        inside = re.search(r"<svg[^>]*>(.*)</svg>", (folder / f"{name}.svg").read_text(), re.DOTALL)
        shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", inside[1])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(shapes.split())}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def licences(names: list[str]) -> str:
    """The licence texts of the packages whose files we carry."""
    texts = []
    for name in names:
        package = distribution(name)
        for file in package.files or ():
            if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")) and ".dist-info" in str(file):
                text = Path(package.locate_file(file)).read_text()
                texts.append(f"{name} {package.version}\n{'=' * 72}\n{text.strip()}\n")
    return "\n\n".join(texts)


class CustomBuildHook(BuildHookInterface):
    """Runs for wheels and editable installs alike; nothing third-party is committed."""

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name != "wheel":
            return
        out = Path(self.root, "src/ocpp_css/edge/static/vendor")
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        manifest = {}
        for name, files in ASSETS.items():
            package = distribution(name)
            for source, target in files.items():
                data = Path(package.locate_file(source)).read_bytes()
                (out / target).write_bytes(data)
                manifest[target] = {"from": f"{name}=={package.version}", "sha256": hashlib.sha256(data).hexdigest()}
        icons = distribution(ICON_PACKAGE)
        drawn = sprite(Path(icons.locate_file(ICON_FOLDER))).encode()
        (out / "icons.svg").write_bytes(drawn)
        manifest["icons.svg"] = {"from": f"tablerpy=={icons.version}", "sha256": hashlib.sha256(drawn).hexdigest()}
        (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=1))
        (out / "LICENCES.txt").write_text(licences([*ASSETS, ICON_PACKAGE]))
