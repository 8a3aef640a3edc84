"""Plain words to keep in mind for a minute: nothing that frightens, hurts or looks like another one."""

from django.utils.translation import gettext_lazy as _

WORDS = (
    _("apple"), _("bridge"), _("candle"), _("door"), _("garden"), _("hammer"), _("island"), _("jacket"),
    _("kettle"), _("ladder"), _("mirror"), _("needle"), _("orange"), _("pencil"), _("river"), _("spoon"),
    _("table"), _("umbrella"), _("window"), _("bread"), _("cloud"), _("drum"), _("engine"), _("feather"),
    _("guitar"), _("honey"), _("lemon"), _("mountain"), _("paper"), _("radio"), _("sand"), _("train"),
    _("violin"), _("wheel"), _("basket"), _("carpet"), _("dolphin"), _("forest"), _("glove"), _("lamp"),
    _("market"), _("pillow"), _("rabbit"), _("shelf"), _("ticket"), _("village"), _("water"), _("bicycle"),
)  # fmt: skip
