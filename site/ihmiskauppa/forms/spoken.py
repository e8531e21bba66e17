"""The languages a form offers for speaking with someone, in their own names; more than the site itself is written in."""

from typing import Final

from babel import Locale

OTHER: Final = "other"

# BCP 47 code: own name. Finland's languages first, the others by their Latin-script code.
SPOKEN: Final = {
    "fi": "Suomi",
    "sv": "Svenska",
    "en": "English",
    "am": "አማርኛ",
    "ar": "العربية",
    "bg": "Български",
    "bn": "বাংলা",
    "ckb": "کوردیی ناوەندی",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fil": "Filipino",
    "fr": "Français",
    "hi": "हिन्दी",
    "kmr": "Kurmancî",
    "ne": "नेपाली",
    "pl": "Polski",
    "prs": "دری",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "so": "Soomaali",
    "sq": "Shqip",
    "th": "ไทย",
    "ti": "ትግርኛ",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "uz": "Oʻzbekcha",
    "vi": "Tiếng Việt",
    "zh": "中文",
}

RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "fa", "prs", "ur"})
_UNKNOWN_TO_CLDR: Final = {"prs": "dari", "kmr": "kurdi (kurmandži)", OTHER: "muu kieli"}


def staff_name(code: str) -> str:
    """The Finnish name of a language, for the people who read the inbox."""
    if code in _UNKNOWN_TO_CLDR:
        return _UNKNOWN_TO_CLDR[code]
    base = code.removesuffix("-simple").replace("-", "_")
    return str(Locale("fi").languages.get(base) or Locale("fi").languages.get(base.partition("_")[0]) or code)
