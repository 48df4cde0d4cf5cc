"""Copy the browser's assets out of pinned PyPI packages into the package's own static folder."""

import hashlib
import json
import shutil
from importlib.metadata import distribution
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {
    "django-htmx": {
        "django_htmx/static/django_htmx/htmx-2.min.js": "htmx.js",
        "django_htmx/static/django_htmx/ext/hx-sse-2.min.js": "htmx-sse.js",
    },
    "uplot-python": {
        "uplot/static/uPlot.iife.js": "uplot.js",
        "uplot/static/uPlot.min.css": "uplot.css",
    },
    "swagger-ui-bundle-v2": {
        "swagger_ui_bundle/vendor/swagger-ui-5.31.0/swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger_ui_bundle/vendor/swagger-ui-5.31.0/swagger-ui.css": "swagger-ui.css",
    },
}


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
        (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=1))
