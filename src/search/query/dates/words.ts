/**
 * @file What belongs to dates in languages other than English and is not in `Intl`: prepositions, seasons, holidays.
 * Names of months, weekdays, and phrases such as `gestern` are in `Intl` for every language.
 */

/** Alternatives are separated by `|`; a word that ends in an apostrophe is joined to the next one. */
export interface DateWords {
  /** Before months and years. */
  in: string;
  /** Like `in`, but not enough to make a month of a word: `fotos de mayo`. */
  of: string;
  since: string;
  after: string;
  before: string;
  until: string;
  /** Before the first of two years, and between them. */
  from: string;
  to: string;
  spring: string;
  summer: string;
  autumn: string;
  winter: string;
  christmas: string;
  easter: string;
  newYear: string;
  /** Before or after a season: the last one, this one. */
  last: string;
  this: string;
  /** Words around a date that say nothing about a picture. */
  little: string;
}

export const DATE_WORDS: Record<string, DateWords> = {
  de: {
    ...{ in: 'im|in|am|vom|im Jahr|im Jahre|zu|an|während', of: 'von|aus|des|der|den|dem|aus dem|aus dem Jahr' },
    ...{ since: 'seit|ab', after: 'nach', before: 'vor', until: 'bis', from: 'von|zwischen', to: 'bis|und' },
    ...{ spring: 'Frühling|Frühjahr', summer: 'Sommer', autumn: 'Herbst', winter: 'Winter' },
    ...{ christmas: 'Weihnachten', easter: 'Ostern', newYear: 'Silvester|Neujahr' },
    ...{
      last: 'letzte|letzten|letzter|letztes|letztem|vergangenen|vorigen',
      this: 'diesen|diesem|dieses|diese|dieser',
    },
    little: 'der die das ein eine einen von vom aus mit und im in am foto fotos bild bilder aufnahmen',
  },
  fr: {
    ...{ in: "en|pendant|durant|à|au|à l'|au mois de|au mois d'|en l'an", of: "de|d'|du|de l'|l'|le" },
    ...{ since: 'depuis|à partir de|dès', after: 'après', before: 'avant', until: "jusqu'en|jusqu'à" },
    ...{ from: 'de|entre', to: 'à|et', spring: 'printemps', summer: 'été', autumn: 'automne', winter: 'hiver' },
    ...{ christmas: 'Noël', easter: 'Pâques', newYear: 'Nouvel An|Saint-Sylvestre' },
    ...{ last: 'dernier|dernière|passé', this: 'cet|ce|cette' },
    little: 'le la les un une des de du en et photo photos image images',
  },
  es: {
    ...{ in: 'en|durante|en el|en la', of: 'de|del|el|de la' },
    ...{
      since: 'desde',
      after: 'después de|tras',
      before: 'antes de',
      until: 'hasta',
      from: 'de|desde|entre',
      to: 'a|hasta|y',
    },
    ...{ spring: 'primavera', summer: 'verano', autumn: 'otoño', winter: 'invierno' },
    ...{ christmas: 'Navidad|Navidades', easter: 'Semana Santa|Pascua', newYear: 'Nochevieja|Año Nuevo' },
    ...{ last: 'pasado|pasada|último|última', this: 'este|esta' },
    little: 'el la los las un una de del en y con foto fotos imagen imágenes',
  },
  it: {
    ...{ in: "in|a|nel|nell'|durante|ad", of: "di|del|dell'|della|d'|l'|il" },
    ...{ since: "dal|da|dall'", after: 'dopo|dopo il', before: 'prima di|prima del', until: 'fino a|fino al' },
    ...{
      from: 'dal|tra il|dal',
      to: 'al|e il',
      spring: 'primavera',
      summer: 'estate',
      autumn: 'autunno',
      winter: 'inverno',
    },
    ...{ christmas: 'Natale', easter: 'Pasqua', newYear: 'Capodanno' },
    ...{ last: 'scorso|scorsa|passato|passata', this: "quest'|questo|questa" },
    little: 'il la i gli le un una di del in e con foto immagine immagini',
  },
  pt: {
    ...{ in: 'em|durante|no|na', of: 'de|do|da' },
    ...{
      since: 'desde|a partir de',
      after: 'depois de|após',
      before: 'antes de',
      until: 'até',
      from: 'de|entre',
      to: 'a|até|e',
    },
    ...{ spring: 'primavera', summer: 'verão', autumn: 'outono', winter: 'inverno' },
    ...{ christmas: 'Natal', easter: 'Páscoa', newYear: 'Ano Novo|Réveillon' },
    ...{ last: 'passado|passada|último|última', this: 'este|esta|neste|nesta' },
    little: 'o a os as um uma de do da em e com foto fotos imagem imagens',
  },
  nl: {
    ...{ in: 'in|tijdens|op|met|in de', of: 'van|uit|de|van de' },
    ...{
      since: 'sinds|vanaf',
      after: 'na',
      before: 'voor|vóór',
      until: 'tot',
      from: 'van|tussen',
      to: 'tot|en|tot en met',
    },
    ...{ spring: 'lente|voorjaar', summer: 'zomer', autumn: 'herfst|najaar', winter: 'winter' },
    ...{ christmas: 'Kerst|Kerstmis', easter: 'Pasen', newYear: 'oud en nieuw|Nieuwjaar' },
    ...{ last: 'afgelopen|vorige|laatste', this: 'deze|dit' },
    little: 'de het een van uit met en in foto foto’s fotos afbeelding afbeeldingen',
  },
  sv: {
    ...{ in: 'i|på|under|vid', of: 'från|av' },
    ...{
      since: 'sedan',
      after: 'efter',
      before: 'före|innan',
      until: 'till|fram till',
      from: 'från|mellan',
      to: 'till|och',
    },
    ...{ spring: 'våren|vår', summer: 'sommaren|sommar', autumn: 'hösten|höst', winter: 'vintern|vinter' },
    ...{ christmas: 'julen|jul', easter: 'påsken|påsk', newYear: 'nyår' },
    ...{ last: 'förra', this: 'denna' },
    little: 'en ett och i på från av med bild bilder foto foton',
  },
  da: {
    ...{ in: 'i|på|under|om', of: 'fra|af' },
    ...{ since: 'siden', after: 'efter', before: 'før|inden', until: 'til|indtil', from: 'fra|mellem', to: 'til|og' },
    ...{ spring: 'foråret|forår', summer: 'sommeren|sommer', autumn: 'efteråret|efterår', winter: 'vinteren|vinter' },
    ...{ christmas: 'julen|jul', easter: 'påsken|påske', newYear: 'nytår' },
    ...{ last: 'sidste', this: 'denne|dette' },
    little: 'en et og i på fra af med billede billeder foto fotos',
  },
  nb: {
    ...{ in: 'i|på|under|om', of: 'fra|av' },
    ...{ since: 'siden', after: 'etter', before: 'før', until: 'til|inntil', from: 'fra|mellom', to: 'til|og' },
    ...{ spring: 'våren|vår', summer: 'sommeren|sommer', autumn: 'høsten|høst', winter: 'vinteren|vinter' },
    ...{ christmas: 'julen|jul|jula', easter: 'påsken|påske', newYear: 'nyttår' },
    ...{ last: 'forrige|i fjor', this: 'denne|dette' },
    little: 'en et og i på fra av med bilde bilder foto',
  },
  pl: {
    ...{ in: 'w|we|podczas|na', of: 'z|ze' },
    ...{ since: 'od', after: 'po', before: 'przed', until: 'do', from: 'od|między', to: 'do|a' },
    ...{
      spring: 'wiosna|wiosną|wiosny',
      summer: 'lato|latem|lata',
      autumn: 'jesień|jesienią|jesieni',
      winter: 'zima|zimą|zimy',
    },
    ...{ christmas: 'Boże Narodzenie', easter: 'Wielkanoc', newYear: 'Sylwester|Nowy Rok' },
    ...{ last: 'zeszłe|zeszłej|zeszłego|ostatnie', this: 'to|tej|tego' },
    little: 'w z ze i na zdjęcie zdjęcia obraz obrazy',
  },
  ru: {
    ...{ in: 'в|во|на|за', of: 'из|от' },
    ...{ since: 'с|начиная с', after: 'после', before: 'до', until: 'по', from: 'с|между', to: 'по|до|и' },
    ...{
      spring: 'весна|весной|весны',
      summer: 'лето|летом|лета',
      autumn: 'осень|осенью|осени',
      winter: 'зима|зимой|зимы',
    },
    ...{ christmas: 'Рождество', easter: 'Пасха|Пасху', newYear: 'Новый год' },
    ...{ last: 'прошлым|прошлой|прошлое|прошлого|прошлая', this: 'этим|этой|это' },
    little: 'в на из и с фото фотографии фотография картинка картинки',
  },
};
