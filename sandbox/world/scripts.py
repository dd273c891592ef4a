"""Countries that write in scripts of their own, and companies and people under both spellings.

Each word is given as its country writes it and as it is written abroad; the second is what is
customary there, not what any one transliteration table makes of the first. Chinese trades are
translated, as those firms do themselves.
"""

from dataclasses import dataclass
from random import Random

from sandbox.world.places import City, Country

Spelt = tuple[str, str]
"""(in the country's script, in Latin letters)"""


def _spelt(text: str) -> tuple[Spelt, ...]:
    """`own/latin` pairs; a `_` in either is a space."""
    pairs = (pair.replace("_", " ").partition("/") for pair in text.split())
    return tuple((own, latin) for own, _, latin in pairs)


@dataclass(frozen=True, slots=True)
class Script:
    """One country's words. `glued`: its script puts no spaces between them."""

    country: Country
    syllables: tuple[Spelt, ...]
    trades: tuple[Spelt, ...]
    forms: tuple[Spelt, ...]
    first_names: tuple[Spelt, ...]
    surnames: tuple[Spelt, ...]
    streets: tuple[Spelt, ...]
    in_front: str = ""
    glued: bool = False

    def company(self, rng: Random) -> tuple[str, str, str]:
        """Core in Latin letters, its form in Latin letters, and the whole name in the script."""
        first, second = rng.choice(self.syllables), rng.choice(self.syllables)
        trade, form = rng.choice(self.trades), rng.choice(self.forms)
        own, latin = (
            a if a.endswith(" ") else a + b.lower() for a, b in zip(first, second, strict=True)
        )
        if not self.glued and rng.random() < 0.5:
            family = rng.choice(self.surnames)
            own, latin = f"{own} {family[0]}", f"{latin} {family[1]}"
        own, between = f"{own[0].upper()}{own[1:]}", "" if self.glued else " "
        native = between.join(word for word in (self.in_front, own, trade[0], form[0]) if word)
        core = " ".join(f"{latin[0].upper()}{latin[1:]} {trade[1]}".split())
        return core, form[1], " ".join(native.split())

    def person(self, rng: Random) -> tuple[Spelt, Spelt]:
        return rng.choice(self.first_names), rng.choice(self.surnames)

    def street(self, rng: Random) -> str:
        return f"{rng.choice(self.streets)[1]} {rng.randrange(1, 190)}"


def _country(
    iso: str, name: str, spelling: str, dial: str, trunk: str, mobile: str, tld: str,
    forms: tuple[str, ...], cities: tuple[City, ...],
) -> Country:  # fmt: skip
    return Country(
        iso=iso,
        name=name,
        spellings=(name.upper(), name.lower(), spelling),
        dial=dial,
        trunk=trunk,
        mobile=mobile,
        language="en",
        currency="EUR",
        tlds=(tld, tld, "com"),
        forms={form: (form, form.upper()) for form in forms},
        cities=cities,
    )


SCRIPTS: tuple[Script, ...] = (
    Script(
        _country(
            *("GR", "Greece", "GRC", "30", "", "694#######", "gr", ("SA", "EPE", "IKE")),
            (
                City("Athina", "Athens", "Attica", "105##", "210", "3######"),
                City("Thessaloniki", "Salonica", "Macedonia", "546##", "2310", "5#####"),
                City("Patra", "Patras", "Achaia", "262##", "2610", "3#####"),
            ),
        ),
        _spelt("Καλ/Kal Μαρ/Mar Αργ/Arg Δελ/Del Ολυ/Oly Θαλ/Thal Ιων/Ion Κρητ/Krit Λεβ/Lev Νικ/Nik "
               "Περ/Per Ροδ/Rod Σερ/Ser Τηλ/Til Φιλ/Fil Χαλ/Chal ωνα/ona ικη/iki ους/ous άμα/ama"),
        _spelt("Ναυτιλιακή/Naftiliaki Τεχνική/Techniki Εμπορική/Emporiki Τρόφιμα/Trofima "
               "Ενεργειακή/Energeiaki Μεταφορική/Metaforiki Εκδοτική/Ekdotiki "
               "Οικοδομική/Oikodomiki"),
        _spelt("Α.Ε./SA Ε.Π.Ε./EPE Ι.Κ.Ε./IKE"),
        _spelt("Γιώργος/Giorgos Μαρία/Maria Νίκος/Nikos Ελένη/Eleni Δημήτρης/Dimitris "
               "Κατερίνα/Katerina Ιωάννης/Ioannis Σοφία/Sofia Χρήστος/Christos Βασιλική/Vasiliki"),
        _spelt("Παπαδόπουλος/Papadopoulos Γεωργίου/Georgiou Νικολάου/Nikolaou Οικονόμου/Oikonomou "
               "Αγγελόπουλος/Angelopoulos Χατζής/Chatzis Μακρής/Makris Ευαγγέλου/Evangelou "
               "Βλάχος/Vlachos Καραγιάννης/Karagiannis"),
        _spelt("Ερμού/Ermou Σταδίου/Stadiou Πατησίων/Patision Αθηνάς/Athinas"),
    ),
    Script(
        _country(
            *("BG", "Bulgaria", "BGR", "359", "0", "88#######", "bg", ("OOD", "EOOD", "AD")),
            (
                City("Sofia", "Sofiya", "Sofia", "1###", "2", "9######"),
                City("Plovdiv", "Plovdiv", "Plovdiv", "40##", "32", "6#####"),
                City("Varna", "Varna", "Varna", "90##", "52", "6#####"),
            ),
        ),
        _spelt("Бал/Bal Вит/Vit Рад/Rad Стар/Star Тра/Tra Юг/Yug Жел/Zhel Чер/Cher Дун/Dun Род/Rod "
               "Мир/Mir Слав/Slav кан/kan оша/osha опе/ope ица/itsa ия/iya ин/in ово/ovo "
               "щен/shten"),
        _spelt("Строй/Stroy Транс/Trans Енерджи/Enerdzhi Консулт/Konsult Храни/Hrani Мебели/Mebeli "
               "Техника/Tehnika Хидравлика/Hidravlika Търговия/Targoviya"),
        _spelt("ООД/OOD ЕООД/EOOD АД/AD"),
        _spelt("Юлия/Yuliya Георги/Georgi Иван/Ivan Елена/Elena Николай/Nikolay Мария/Mariya "
               "Христо/Hristo Цветана/Tsvetana Петър/Petar Жана/Zhana"),
        _spelt("Иванов/Ivanov Щерев/Shterev Георгиев/Georgiev Чавдаров/Chavdarov Димитров/Dimitrov "
               "Желев/Zhelev Петков/Petkov Йорданов/Yordanov Янков/Yankov Цонев/Tsonev"),
        _spelt("Витоша/Vitosha Раковски/Rakovski Граф_Игнатиев/Graf_Ignatiev Шипка/Shipka"),
    ),
    Script(
        _country(
            *("CN", "China", "CHN", "86", "0", "138########", "cn", ("Co., Ltd.",)),
            (
                City("Shanghai", "Shanghai", "Shanghai", "2000##", "21", "6#######"),
                City("Beijing", "Peking", "Beijing", "1000##", "10", "8#######"),
                City("Shenzhen", "Shenzhen", "Guangdong", "5180##", "755", "8#######"),
            ),
        ),
        _spelt("华/hua 信/xin 中/zhong 天/tian 海/hai 龙/long 东/dong 方/fang 金/jin 达/da 通/tong "
               "立/li 远/yuan 新/xin 康/kang 宏/hong 德/de 盛/sheng 瑞/rui 博/bo 泰/tai 嘉/jia"),
        _spelt("科技/Technology 贸易/Trading 电子/Electronics 物流/Logistics 机械/Machinery "
               "食品/Foods 能源/Energy 医药/Pharmaceutical 建筑/Construction 化工/Chemical"),
        _spelt("有限公司/Co.,_Ltd. 股份有限公司/Co.,_Ltd."),
        _spelt("伟/Wei 芳/Fang 娜/Na 秀英/Xiuying 敏/Min 静/Jing 强/Qiang 磊/Lei 洋/Yang 艳/Yan "
               "建国/Jianguo 晓明/Xiaoming"),
        _spelt("王/Wang 李/Li 张/Zhang 刘/Liu 陈/Chen 杨/Yang 赵/Zhao 黄/Huang 周/Zhou 吴/Wu"),
        _spelt("南京路/Nanjing_Road 人民路/Renmin_Road 中山路/Zhongshan_Road 解放路/Jiefang_Road"),
        glued=True,
    ),
    Script(
        _country(
            *("AE", "United Arab Emirates", "UAE", "971", "0", "50#######", "ae", ("LLC", "FZE")),
            (
                City("Dubai", "Dubayy", "Dubai", "", "4", "3######"),
                City("Abu Dhabi", "Abu Zaby", "Abu Dhabi", "", "2", "6######"),
                City("Sharjah", "Ash Shariqah", "Sharjah", "", "6", "5######"),
            ),
        ),
        _spelt("النور_/Al_Noor_ المدينة_/Al_Madina_ الخليج_/Al_Khaleej_ الفجر_/Al_Fajr_ "
               "النجم_/Al_Najm_ البحر_/Al_Bahr_ الصقر_/Al_Saqr_ الواحة_/Al_Waha_ "
               "الأمل_/Al_Amal_ الشرق_/Al_Sharq_ الريان_/Al_Rayan_ "
               "السلام_/Al_Salam_ الفهد_/Al_Fahad_ الجزيرة_/Al_Jazeera_"),
        _spelt("للتجارة/Trading للمقاولات/Contracting للنقل/Transport للاستشارات/Consultancy "
               "للأغذية/Foodstuff للتقنية/Technology"),
        _spelt("ذ.م.م/LLC ش.م.ح/FZE"),
        _spelt("محمد/Mohammed فاطمة/Fatima أحمد/Ahmed عائشة/Aisha خالد/Khalid مريم/Mariam "
               "عمر/Omar نورة/Noura يوسف/Yousef ليلى/Layla"),
        _spelt("الزهراني/Al_Zahrani المنصوري/Al_Mansoori النعيمي/Al_Nuaimi الشامسي/Al_Shamsi "
               "القاسمي/Al_Qasimi الكعبي/Al_Kaabi حداد/Haddad خوري/Khoury منصور/Mansour"),
        _spelt("شارع_الشيخ_زايد/Sheikh_Zayed_Road شارع_الوصل/Al_Wasl_Road الكورنيش/Corniche_Road"),
        in_front="شركة",
    ),
)  # fmt: skip
