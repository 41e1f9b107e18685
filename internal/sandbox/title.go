package sandbox

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts are the words of one offer's title in one language; an empty one is left out.
type parts struct {
	noun, material, style, feature, audience, scene, season, selling string
}

// season, scene and selling words follow from the offer's bits. -1 = the product has none.
func (o *offer) season() int {
	if f := words().secondOf(int(o.noun)).feature; f != 'c' && f != 's' {
		return -1
	}
	return pick(o.h, 48, len(words().seasons))
}

func (o *offer) scene() int {
	rows := words().secondOf(int(o.noun)).scenes
	if len(rows) == 0 {
		return -1
	}
	return int(rows[pick(o.h, 50, len(rows))])
}

func (o *offer) selling() int { return pick(o.h, 53, len(words().selling)) }

func (o *offer) audience() int { return words().secondOf(int(o.noun)).audience }

func (o *offer) parts(lang int) parts {
	w := words()
	n := &w.nouns[o.noun]
	p := parts{noun: n.word[lang], style: w.styles[o.style][lang], selling: w.selling[o.selling()][lang]}
	if n.tells[kindMaterial]>>o.material&1 == 0 {
		p.material = w.materials[o.material][lang]
	}
	if n.tells[kindFeature]>>o.feature&1 == 0 {
		p.feature = w.features[o.feature][lang]
	}
	if a := o.audience(); a >= 0 && n.tells[kindAudience]>>a&1 == 0 {
		p.audience = w.audiences[a][lang]
	}
	if u := o.scene(); u >= 0 {
		p.scene = w.scenes[u][lang]
	}
	if s := o.season(); s >= 0 {
		p.season = w.seasons[s][lang]
	}
	if lang != 0 && o.h>>59%2 == 0 {
		p.selling = ""
	}
	return p
}

// notes which words a product's name already says, so that no title reads "glass drinking glass".
func (l *lexicon) tell(n *noun) {
	said := func(w *word) bool {
		en := strings.Fields(w[english])
		return strings.Contains(n.word[0], w[0]) || strings.Contains(n.word[english], en[len(en)-1])
	}
	for k, table := range map[kind][]word{kindMaterial: l.materials, kindFeature: l.features, kindAudience: l.audiences} {
		for i := range table {
			if said(&table[i]) {
				n.tells[k] |= 1 << i
			}
		}
	}
}

// title is the product's name in a language code.
func (o *offer) title(lang string) string { return string(o.appendTitle(nil, langIndex(lang))) }

// appendTitle composes the name the way listings of that language do: what describes stands before the noun or behind it.
func (o *offer) appendTitle(b []byte, lang int) []byte {
	p := o.parts(lang)
	from := len(b)
	switch langs[lang] {
	case "zh":
		return o.chinese(b, &p)
	case "ja":
		return spaced(b, seasonal(p.season, "2026", "新作"), p.audience, p.style, p.material, p.noun, p.scene, p.feature, p.selling)
	case "ko":
		return spaced(b, seasonal(p.season, "2026 ", " 신상"), p.audience, p.style, p.material, p.noun, p.scene, p.feature, p.selling)
	case "th":
		return spaced(b, p.noun, p.audience, p.material, p.style, p.feature, p.scene, seasonal(p.season, "คอลเลกชัน", " 2026"), p.selling)
	case "vi":
		b = listed(spaced(b, p.noun, p.audience, p.material, p.style, p.scene), p.feature, seasonal(p.season, "mẫu mới ", " 2026"), p.selling)
	case "ms", "id":
		b = listed(spaced(b, p.noun, p.audience, p.material, p.style, p.feature, p.scene), seasonal(p.season, "koleksi ", " 2026"), p.selling)
	case "ru":
		b = listed(spaced(b, p.noun, p.audience, p.material, p.style, p.feature, p.scene), seasonal(p.season, "", " 2026"), p.selling)
	default:
		b = listed(spaced(b, p.style, p.material, p.noun, p.audience, p.scene), p.feature, seasonal(p.season, "", " 2026"), p.selling)
	}
	return capitalise(b, from)
}

// chinese titles pile up words without a space; three orders keep them from looking alike.
func (o *offer) chinese(b []byte, p *parts) []byte {
	year := ""
	if p.season != "" {
		year = "2026" + p.season + "新款"
	}
	order := [...]string{year, p.style, p.material, p.noun, p.audience, p.scene, p.feature, p.selling}
	switch pick(o.h, 56, 3) {
	case 1:
		order = [...]string{p.selling, p.feature, p.material, p.noun, p.audience, year, p.style, p.scene}
	case 2:
		order = [...]string{p.style, p.feature, p.noun, p.audience, p.scene, year, p.material, p.selling}
	}
	for _, s := range order {
		b = append(b, s...)
	}
	return b
}

func seasonal(season, before, after string) string {
	if season == "" {
		return ""
	}
	return before + season + after
}

func spaced(b []byte, list ...string) []byte { return joined(b, " ", len(b), list) }

func listed(b []byte, list ...string) []byte { return joined(b, ", ", 0, list) }

func joined(b []byte, sep string, start int, list []string) []byte {
	for _, s := range list {
		if s == "" {
			continue
		}
		if len(b) > start {
			b = append(b, sep...)
		}
		b = append(b, s...)
	}
	return b
}

func capitalise(b []byte, from int) []byte {
	r, n := utf8.DecodeRune(b[from:])
	up := unicode.ToUpper(r)
	if up == r || utf8.RuneLen(up) != n {
		return b
	}
	utf8.EncodeRune(b[from:from+n], up)
	return b
}
