package search

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of a seller's description. What is longer is cut where nothing breaks.
const (
	maxDescription = 4000      // characters of the plain text
	maxSource      = 256 << 10 // bytes that are read of the HTML
	maxHTML        = 64 << 10  // bytes of the clean HTML
	maxDepth       = 24        // of its elements; 1688's own stay below 10
)

// unread are elements whose content is code, markup that the tokenizer hands over as text, or a world with rules of its own.
var unread = set("script style iframe frameset noembed noframes noscript nostyle object plaintext textarea title xmp svg math template select audio video canvas head")

// cleaner lets words, their structure and pictures through: no style, class, id, event, link, form, frame or foreign element.
var cleaner = newCleaner()

func newCleaner() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "span", "div",
		"blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption")
	p.AllowNoAttrs().OnElements("span")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[1-9][0-9]?$`)).OnElements("th", "td")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("alt").Matching(regexp.MustCompile(`^[^<>"'&\x00-\x1f]{0,200}$`)).OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[1-9][0-9]{0,3}$`)).OnElements("img")
	p.AllowURLSchemes("http", "https")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true) // for those without a scheme; publicURL drops the rest
	for name := range unread {
		p.SkipElementsContent(name)
	}
	return p
}

// cleanHTML is a description without anything active, its pictures on https, its elements closed, nested and long within
// bounds. The time it takes grows with maxSource at most.
func cleanHTML(raw string) string {
	raw = strings.ReplaceAll(cutBytes(raw, maxSource), "\x00", "")
	if !strings.ContainsAny(raw, "<&") {
		return html.EscapeString(cutBytes(strings.TrimSpace(raw), maxHTML/5)) // an escaped character takes 5 bytes at most
	}
	b := builder{z: html.NewTokenizer(strings.NewReader(cleaner.Sanitize(raw)))}
	for b.next() {
	}
	b.close(0)
	return strings.TrimSpace(b.out.String())
}

// builder writes clean HTML anew, well nested.
type builder struct {
	z    *html.Tokenizer
	out  strings.Builder
	open []string // elements to close
	deep int      // open elements that were left out because they are too deep
}

// voids have no end tag.
var voids = set("br hr img")

// next takes one token; false at the end or when the description is long enough.
func (b *builder) next() bool {
	switch b.z.Next() {
	case html.ErrorToken:
		return false
	case html.TextToken:
		return b.text(string(b.z.Text()))
	case html.StartTagToken, html.SelfClosingTagToken:
		return b.start(b.z.Token())
	case html.EndTagToken:
		name, _ := b.z.TagName()
		b.end(string(name))
	}
	return true
}

// room is what may still be written beside the end tags that are due.
func (b *builder) room() int { return maxHTML - b.out.Len() - maxDepth*len("</blockquote>") }

func (b *builder) write(s string) bool {
	if len(s) > b.room() {
		return false
	}
	b.out.WriteString(s)
	return true
}

// text writes words, as many as there is room for.
func (b *builder) text(words string) bool {
	if b.write(html.EscapeString(words)) {
		return true
	}
	room := b.room()
	for _, r := range words {
		s := html.EscapeString(string(r))
		if room -= len(s); room < 0 {
			break
		}
		b.out.WriteString(s)
	}
	return false
}

func (b *builder) start(t html.Token) bool {
	switch {
	case t.DataAtom == atom.Img:
		t.Attr = pictureAttrs(t.Attr)
		if t.Attr == nil {
			return true
		}
	case voids[t.Data]:
	case len(b.open) >= maxDepth:
		b.deep++
		return true
	default:
		if !b.write("<" + t.Data + attrText(t.Attr) + ">") {
			return false
		}
		b.open = append(b.open, t.Data)
		return true
	}
	return b.write("<" + t.Data + attrText(t.Attr) + ">")
}

// end closes the nearest open element of the name and what was left open inside; an end without a start is left out.
func (b *builder) end(name string) {
	if b.deep > 0 {
		b.deep--
		return
	}
	for i := len(b.open) - 1; i >= 0; i-- {
		if b.open[i] == name {
			b.close(i)
			return
		}
	}
}

// close ends the open elements down to the one at i.
func (b *builder) close(i int) {
	for len(b.open) > i {
		last := len(b.open) - 1
		b.out.WriteString("</" + b.open[last] + ">")
		b.open = b.open[:last]
	}
}

// pictureAttrs are the attributes of a picture that may be shown, nil when it may not.
func pictureAttrs(in []html.Attribute) []html.Attribute {
	var out []html.Attribute
	found := false
	for _, a := range in {
		if a.Key == "src" {
			if a.Val = publicURL(a.Val); a.Val == "" || found {
				return nil
			}
			found = true
		}
		out = append(out, a)
	}
	if !found {
		return nil
	}
	return out
}

func attrText(attrs []html.Attribute) string {
	var b strings.Builder
	for _, a := range attrs {
		b.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
	}
	return b.String()
}

// plainText keeps the words of a seller's HTML and nothing that could run.
func plainText(raw string) string {
	raw = strings.ReplaceAll(cutBytes(raw, maxSource), "\x00", "")
	if !strings.ContainsAny(raw, "<&") {
		return cut(strings.TrimSpace(raw))
	}
	var b strings.Builder
	z, inside := html.NewTokenizer(strings.NewReader(raw)), ""
	for b.Len() < maxDescription*utf8.UTFMax {
		switch z.Next() {
		case html.ErrorToken:
			return cut(strings.TrimSpace(b.String()))
		case html.StartTagToken, html.SelfClosingTagToken: // browsers ignore the slash of <script/>
			if name, _ := z.TagName(); inside == "" && coded[string(name)] {
				inside = string(name)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == inside {
				inside = ""
			}
		case html.TextToken:
			if words := strings.Join(strings.Fields(string(z.Text())), " "); inside == "" && words != "" {
				b.WriteString(words)
				b.WriteByte(' ')
			}
		}
	}
	return cut(strings.TrimSpace(b.String()))
}

// coded are the elements whose content is no words.
var coded = set("script style iframe noembed noframes noscript plaintext textarea title xmp")

// cut keeps the first maxDescription characters.
func cut(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxDescription {
			return s[:i]
		}
	}
	return s
}

// cutBytes keeps at most n bytes, whole characters.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
