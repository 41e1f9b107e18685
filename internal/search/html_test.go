package search

import (
	"bufio"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shownElements are what a browser may find in a description; the last ones it adds by itself.
var shownElements = set("h1 h2 h3 h4 h5 h6 p br hr b strong i em u s small sub sup span div blockquote pre ul ol li dl dt dd table caption thead tbody " +
	"tfoot tr th td figure figcaption img html head body")

var shownAttributes = map[string]map[string]bool{"img": set("src alt width height"), "th": set("colspan rowspan"), "td": set("colspan rowspan")}

// dangers reads markup as a browser does and lists what could act: elements and attributes beyond the list, links to
// anything but https on a public host, comments.
func dangers(t testing.TB, markup string) (found []string) {
	t.Helper()
	for name, context := range map[string]*html.Node{
		"in a div": {Type: html.ElementNode, Data: "div", DataAtom: atom.Div}, "in a page": nil,
		"in a table cell": {Type: html.ElementNode, Data: "td", DataAtom: atom.Td},
	} {
		nodes, err := html.ParseFragment(strings.NewReader(markup), context)
		if err != nil {
			found = append(found, name+": "+err.Error()) // some snippets trip the parser
		}
		for _, n := range nodes {
			for _, d := range actives(n) {
				found = append(found, name+": "+d)
			}
		}
	}
	return found
}

func actives(n *html.Node) (found []string) {
	switch n.Type {
	case html.TextNode, html.DocumentNode:
	case html.ElementNode:
		if !shownElements[n.Data] || n.Namespace != "" {
			found = append(found, "element "+n.Namespace+":"+n.Data)
		}
		for _, a := range n.Attr {
			if a.Namespace != "" || !shownAttributes[n.Data][a.Key] {
				found = append(found, "attribute "+n.Data+"."+a.Key)
			}
			if a.Key == "src" {
				if u, err := url.Parse(a.Val); err != nil || u.Scheme != "https" || !isPublicName(u.Host) || u.User != nil {
					found = append(found, "link "+a.Val)
				}
			}
		}
	default:
		found = append(found, "node of type "+strconv.Itoa(int(n.Type))+": "+n.Data)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		found = append(found, actives(c)...)
	}
	return found
}

// hostileHTML is one snippet a line; \n, \t, \x.. and \u.... are escapes of Go's.
func hostileHTML(t testing.TB) (corpus []string) {
	t.Helper()
	file, err := os.Open("testdata/hostile_html.txt")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		snippet, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
		require.NoError(t, err, line)
		corpus = append(corpus, snippet)
	}
	require.NoError(t, lines.Err())
	return corpus
}

// What sellers (or whoever took their account) may write, and what of it may act in a shopper's browser: nothing.
func TestHostileDescriptions(t *testing.T) {
	corpus := hostileHTML(t)
	require.GreaterOrEqual(t, len(corpus), 120)
	for _, raw := range corpus {
		for _, in := range []string{raw, "<p>before</p>" + raw + "<p>after</p>", "<table><tr><td>" + raw, strings.ToUpper(raw), "<div><ul><li>" + raw + "</div>"} {
			got := cleanHTML(in)
			assert.Empty(t, dangers(t, got), "%q became %q", in, got)
			assert.Equal(t, got, cleanHTML(got), "clean stays clean: %q", in)
			assert.NotContains(t, got, "\x00")
		}
	}
}

// The corpus must be dangerous, else the test above shows nothing.
func TestHostileDescriptionsAreHostile(t *testing.T) {
	tame := 0
	for _, raw := range hostileHTML(t) {
		if len(dangers(t, raw)) == 0 {
			tame++
			t.Logf("tame by itself: %q", raw)
		}
	}
	assert.Less(t, tame, 15)
}

func TestCleanHTML(t *testing.T) {
	for in, want := range map[string]string{
		"":      "",
		" 包 ":   "包",
		"a & b": "a &amp; b",
		"<h2>丈夫な&amp;軽い</h2><p>毎日に</p>":                                                                     "<h2>丈夫な&amp;軽い</h2><p>毎日に</p>",
		`<p style="color:red" class="x" id="y" onclick="f()">words</p>`:                                     "<p>words</p>",
		`<img src="http://cbu01.alicdn.com/img/1.jpg" width="750" alt="背面" style="x" srcset="y 2x">`:        `<img src="https://cbu01.alicdn.com/img/1.jpg" width="750" alt="背面">`,
		`<img src="//cbu01.alicdn.com/img/1.jpg?a=1&b=2">`:                                                  `<img src="https://cbu01.alicdn.com/img/1.jpg?a=1&amp;b=2">`,
		`<img src="/img/1.jpg"><img src="img.jpg"><img><img src=""><img src="data:image/png;base64,AA==">x`: "x",
		`<img src="http://127.0.0.1:8688/img/1.png"><img src="https://10.0.0.1/x"><img src="https://h/x">x`: "x",
		`<img src="https://u:p@cbu01.alicdn.com/1.jpg"><img src="https://cbu01.alicdn.com:8443/1.jpg">x`:    "x",
		`<a href="https://detail.1688.com/offer/1.html">see <b>here</b></a>`:                                "see <b>here</b>",
		`<table border="1" width="100%"><tr><td colspan="2" rowspan="999" align="left">1</td></tr></table>`: `<table><tr><td colspan="2">1</td></tr></table>`,
		"<div><p>one<p>two":                        "<div><p>one<p>two</p></p></div>",
		"</div></p>words</b>":                      "words",
		"<b><i>cross</b>ed</i>":                    "<b><i>cross</i></b>ed",
		"one<script>alert(1)</script>two":          "onetwo",
		"<!-- no --><!doctype html><?php no ?>yes": "yes",
		"<ul><li>1<li>2</ul>after":                 "<ul><li>1<li>2</li></li></ul>after",
		"<br/><hr><BR>":                            "<br><hr><br>",
		"<html><head><title>t</title><style>x</style></head><body><p>words</p></body></html>": "<p>words</p>",
	} {
		assert.Equal(t, want, cleanHTML(in), in)
	}
}

// Neither length nor depth nor odd shapes cost more than a moment, and what is left is whole.
func TestHugeDescriptions(t *testing.T) {
	const size = 5 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, raw := range map[string]string{
		"words":            fill("長い説明 "),
		"one word":         fill("長"),
		"paragraphs":       fill("<p>長い説明</p>"),
		"pictures":         fill(`<img src="http://cbu01.alicdn.com/img/ibank/1.jpg">`),
		"deep":             strings.Repeat("<div>", 100_000) + "words" + strings.Repeat("</div>", 100_000),
		"deep, all names":  fill("<b><i><u><ul><li><table><tr><td><blockquote>"),
		"ends only":        fill("</div></p></table>"),
		"attributes":       "<p " + fill(`a=1 b="2" `) + ">words</p>",
		"same attribute":   "<img " + fill(`src="https://a.example/1.jpg" `) + ">words",
		"a long attribute": `<img src="https://a.example/` + fill("x") + `">words`,
		"comment":          "<!--" + fill("-") + "-->words",
		"brackets":         fill("<"),
		"entities":         fill("&lt;&#x41;&amp;"),
		"half entities":    fill("&#x"),
		"script":           "<script>" + fill("a<b"),
		"unclosed":         fill("<svg><math><template>"),
		"quotes":           fill(`<a href="`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			got, words := cleanHTML(raw), plainText(raw)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%v, %d KiB allocated, %d bytes left", took, (after.TotalAlloc-before.TotalAlloc)>>10, len(got))
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
			assert.LessOrEqual(t, len(got), maxHTML)
			assert.LessOrEqual(t, len([]rune(words)), maxDescription)
			assert.Empty(t, dangers(t, got))
			assert.Equal(t, got, cleanHTML(got), "cut where nothing breaks")
			assert.LessOrEqual(t, depth(t, got), maxDepth)
		})
	}
	assert.Greater(t, len(cleanHTML(fill("長い説明 "))), maxHTML/6)
	assert.Greater(t, len(cleanHTML("<p>"+fill("長い説明 "))), maxHTML*9/10, "as much as there is room for")
}

func depth(t *testing.T, markup string) (most int) {
	t.Helper()
	z, now := html.NewTokenizer(strings.NewReader(markup)), 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			assert.Zero(t, now, "all closed")
			return most
		case html.StartTagToken:
			if name, _ := z.TagName(); !voids[string(name)] {
				now++
				most = max(most, now)
			}
		case html.EndTagToken:
			now--
		}
	}
}

func FuzzCleanHTML(f *testing.F) {
	for _, s := range hostileHTML(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := cleanHTML(raw)
		if d := dangers(t, got); len(d) > 0 {
			t.Fatalf("%q became %q: %v", raw, got, d)
		}
		if again := cleanHTML(got); again != got {
			t.Fatalf("%q became %q, then %q", raw, got, again)
		}
		if strings.ContainsAny(plainText(raw), "\x00") {
			t.Fatalf("%q keeps a NUL", raw)
		}
	})
}
