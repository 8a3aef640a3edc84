"""Static files under hashed names, imports between modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStatic(CompressedManifestStaticFilesStorage):
    """WhiteNoise's manifest storage that also rewrites `import` lines of native modules."""

    support_js_module_import_aggregation = True
    manifest_strict = True
