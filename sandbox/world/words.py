"""The word lists names are built from: companies, trades, streets and people, by language."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BRAND_HEADS = _words(
    "Nord Sol Vel Ter Aqu Lum Kor Bren Cal Dor Ev Fal Gal Hel Ist Jor Kel Lor Mar Nov Orb Pel Quan "
    "Ros Sil Tal Ulm Ver Wes Xen Yar Zen Alt Bor Cor Dun Elb Fen Gran Hav"
)
BRAND_MIDDLES = _words(
    "a e i o u an en in on un ar er ir or ur al el il ol ul am em im om as es is os av ev iv ov "
    "and end ind ond and ast est ist ost"
)
BRAND_TAILS = _words(
    "via ra tec dis ta ton sys mark ford dal gen ria lux net cor max nia vex tis lin phos dyn plan "
    "berg wald stern quist"
)
ADJECTIVES = _words(
    "Blue Silver Golden Northern Southern Bright Rapid United First Grand Prime Clear Green Red "
    "Royal Modern Global Central Alpine Atlantic Pacific Urban Noble Swift"
)
NOUNS = _words(
    "Harbor Bridge River Mountain Valley Forest Stone Anchor Falcon Lion Oak Cedar Compass Beacon "
    "Summit Meadow Crown Tower Gate Field Horizon Lantern Maple Orchard Castle Heron"
)
ENGLISH_TRADES = _words(
    "Systems Technologies Logistics Services Solutions Group International Industries Foods "
    "Engineering Analytics Partners Retail Manufacturing Media Energy Packaging Instruments "
    "Automotive Textiles Pharma Insurance Hotels Construction"
)

TRADES: dict[str, tuple[str, ...]] = {
    "en": ENGLISH_TRADES,
    "de": _words(
        "Systeme Technik Logistik Maschinenbau Elektrotechnik Handel Bau Kältetechnik Bürobedarf "
        "Beratung Druck Medizintechnik Werkzeuge Möbel Lebensmittel Brauerei Spedition Optik "
        "Gebäudetechnik Anlagenbau Versicherungen Küchen Getränke Energie"
    ),
    "fr": _words(
        "Systèmes Technologies Logistique Conseil Bâtiment Électricité Boulangerie Transports "
        "Ingénierie Énergie Mécanique Imprimerie Distribution Hôtellerie Santé Industrie "
        "Développement Emballages Matériaux Assurances"
    ),
    "nl": _words(
        "Systemen Techniek Logistiek Handel Bouw Advies Installaties Transport Voeding Drukkerij "
        "Machines Energie Verzekeringen Meubelen Zuivel Groep Bloemen Scheepvaart"
    ),
    "nordic": _words(
        "System Teknik Logistik Bygg Elektro Konsult Verkstad Livsmedel Transport Energi Mekanik "
        "Försäkring Möbler Skog Fisk Rederi Förvaltning Industrier Miljö Kraft"
    ),
    "fi": _words(
        "Järjestelmät Tekniikka Logistiikka Rakennus Sähkö Konepaja Kuljetus Energia Metsä "
        "Palvelut Kiinteistöt Ruoka Ympäristö Teollisuus"
    ),
    "it": _words(
        "Sistemi Tecnologie Logistica Costruzioni Elettronica Meccanica Alimentari Trasporti "
        "Energia Tessuti Arredamenti Industrie Servizi Ceramiche Macchine Società"
    ),
    "es": _words(
        "Sistemas Tecnologías Logística Construcciones Eléctrica Mecánica Alimentación Transportes "
        "Energía Textiles Muebles Industrias Servicios Ingeniería Españolas Viñedos"
    ),
    "in": _words(
        "Systems Technologies Infotech Textiles Industries Exports Enterprises Pharma Motors Foods "
        "Engineering Traders Chemicals Steel Agro Logistics"
    ),
    "jp": _words(
        "Shoji Denki Seisakusho Kogyo Sangyo Systems Kensetsu Butsuryu Shokuhin Kagaku Jidosha "
        "Unyu Giken Seimitsu"
    ),
}

PARTNER_TRADES = (
    "IT Solutions",
    "Networks",
    "Systemhaus",
    "Datentechnik",
    "Managed Services",
    "Consulting",
    "Cloud Services",
    "Informatics",
    "Data Systems",
    "IT Services",
    "Computer",
    "Security",
)
GROUP_ROLES = (
    "Holding",
    "Services",
    "Real Estate",
    "Finance",
    "Leasing",
    "Logistics",
    "Ventures",
    "Research",
)

STREETS: dict[str, tuple[str, ...]] = {
    "de": (
        "Hauptstraße", "Bahnhofstraße", "Lindenstraße", "Gartenstraße", "Goethestraße",
        "Industriestraße", "Mühlenweg", "Am Hafen", "Schloßallee", "Werkstraße",
    ),
    "en": (
        "Main Street", "Market Street", "High Street", "Station Road", "Park Avenue", "Mill Road",
        "Church Road", "Industrial Drive", "Lake Avenue", "Victoria Street",
    ),
    "fr": (
        "rue de la Gare", "avenue Victor Hugo", "rue de la République", "boulevard Voltaire",
        "rue des Écoles", "place du Marché", "avenue de l'Industrie", "rue Pasteur",
    ),
    "nl": (
        "Stationsstraat", "Kerkstraat", "Industrieweg", "Havenstraat", "Molenweg",
        "Prinsengracht", "Nijverheidslaan", "Dorpsstraat",
    ),
    "nordic": (
        "Storgatan", "Hamngatan", "Kungsgatan", "Industrigatan", "Sjövägen", "Skolgatan",
        "Björkvägen", "Kirkegata",
    ),
    "fi": (
        "Mannerheimintie", "Satamakatu", "Teollisuuskatu", "Asemakatu", "Kauppakatu", "Hämeentie",
    ),
    "it": (
        "Via Roma", "Via Garibaldi", "Corso Italia", "Via della Libertà", "Viale Europa",
        "Via dell'Industria", "Piazza Dante",
    ),
    "es": (
        "Calle Mayor", "Avenida de la Constitución", "Calle Real", "Paseo de Gracia",
        "Polígono Industrial Norte", "Calle San José",
    ),
    "in": (
        "MG Road", "Nehru Road", "Industrial Estate", "Station Road", "Ring Road", "Gandhi Marg",
    ),
    "jp": ("Chuo", "Honmachi", "Marunouchi", "Sakae", "Kita", "Minami"),
}  # fmt: skip

FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "de": _words(
        "Anna Lukas Jürgen Sabine Thomas Birgit Jörg Katrin Stefan Ursula Günther Monika Felix "
        "Heike Matthias Claudia Björn Petra Tobias Käthe"
    ),
    "en": _words(
        "James Mary Robert Patricia Michael Linda William Elizabeth David Susan Richard Jessica "
        "Joseph Sarah Thomas Karen Daniel Nancy Matthew Emma"
    ),
    "fr": _words(
        "Jean Marie Pierre Hélène François Chloé Rémi Amélie Luc Céline Benoît Sophie Théo Élodie "
        "Gérard Camille"
    ),
    "nl": _words("Jan Pieter Sanne Kees Femke Joost Anouk Bram Lieke Wouter Marijke Ruud"),
    "nordic": _words(
        "Lars Åsa Erik Ingrid Björn Sofia Anders Kirsten Håkan Märta Olav Sigrid Jörgen Elin"
    ),
    "fi": _words("Matti Päivi Jukka Aino Mika Tiina Väinö Sari Heikki Leena Jyrki Hanna"),
    "it": _words(
        "Marco Giulia Luca Francesca Niccolò Chiara Alessandro Elena Matteo Sara Paolo Lucia"
    ),
    "es": _words(
        "José María Antonio Carmen Jesús Lucía Javier Begoña Andrés Pilar Iñaki Sofía Raúl Inés"
    ),
    "in": _words("Rahul Priya Amit Anjali Vikram Sunita Arjun Kavita Sanjay Meera Rajesh Deepa"),
    "jp": _words("Hiroshi Yuki Kenji Sakura Takashi Aiko Satoshi Naoko Daisuke Emi"),
}

SURNAMES: dict[str, tuple[str, ...]] = {
    "de": _words(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch "
        "Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Köhler "
        "Größer Jäger Böhm Vogt Lang Winkler"
    ),
    "en": _words(
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Baker "
        "Young Clark Lewis Walker Hall Allen King Wright Scott Green Adams Nelson Carter Mitchell "
        "O'Brien Turner Cooper"
    ),
    "fr": _words(
        "Martin Bernard Dubois Durand Lefèvre Moreau Laurent Simon Michel Lefebvre Leroy Roux "
        "David Bertrand Morel Fournier Girard Bonnet Desprès Lemaître Gauthier Pérez"
    ),
    "nl": _words(
        "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra "
        "Maes Peeters Claes Goossens Willems"
    ),
    "nordic": _words(
        "Andersson Johansson Lindström Nilsson Sjöberg Bergström Hansen Larsen Åkesson Lundqvist "
        "Olsen Nyström Haugen Björklund Ødegård Forsberg Ström Dahl"
    ),
    "fi": _words(
        "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen "
        "Lehtonen Saarinen"
    ),
    "it": _words(
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Conti Gallo Costa "
        "Fontana Caruso Moretti D'Angelo Nicolò"
    ),
    "es": _words(
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Núñez Jiménez "
        "Muñoz Ibáñez Romero Navarro Domínguez"
    ),
    "in": _words(
        "Sharma Patel Gupta Singh Reddy Iyer Nair Mehta Joshi Desai Kapoor Rao Chopra Verma"
    ),
    "jp": _words(
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada"
    ),
}

TITLES = (
    "CEO", "CIO", "Head of IT", "IT Manager", "Purchasing Manager", "Network Administrator",
    "Managing Director", "Sales Manager", "CFO", "Security Officer", "Operations Manager",
    "Systems Engineer", "Office Manager",
)  # fmt: skip

# Salesforce's stock picklist value → HubSpot's own code for the same trade.
INDUSTRIES = {
    "Retail": "RETAIL",
    "Manufacturing": "ELECTRICAL_ELECTRONIC_MANUFACTURING",
    "Machinery": "MACHINERY",
    "Transportation": "LOGISTICS_AND_SUPPLY_CHAIN",
    "Healthcare": "HOSPITAL_HEALTH_CARE",
    "Construction": "CONSTRUCTION",
    "Insurance": "INSURANCE",
    "Banking": "BANKING",
    "Education": "EDUCATION_MANAGEMENT",
    "Utilities": "UTILITIES",
    "Telecommunications": "TELECOMMUNICATIONS",
}
IT_INDUSTRY = ("Technology", "INFORMATION_TECHNOLOGY_AND_SERVICES")

FREEMAIL = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net", "icloud.com", "hotmail.com")
