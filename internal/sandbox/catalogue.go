package sandbox

import (
	"crypto/md5" //nolint:gosec // only to make 32-hex spec ids that look like the real ones
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// word is one notion in every language, in the order of langs.
type word [9]string

func (w *word) in(lang string) string { return w[langIndex(lang)] }

type noun struct {
	word
	look      look
	kind      byte // key of sizeSets
	low, high int64
	unit      string
	second    int
}

type second struct {
	word
	top int
}

// lexicon is the parsed word tables; the same for every catalogue.
type lexicon struct {
	tops                                         []word
	seconds                                      []second
	nouns                                        []noun
	materials, styles, features, colours, attrib []word
}

var words = sync.OnceValue(func() *lexicon {
	l := &lexicon{
		materials: parseWords(materialTable), styles: parseWords(styleTable), features: parseWords(featureTable),
		colours: parseWords(colourTable), attrib: parseWords(attrTable),
	}
	for line := range strings.SplitSeq(strings.TrimSpace(nounTable), "\n") {
		if name, ok := strings.CutPrefix(line, "= "); ok {
			l.tops = append(l.tops, toWord(name))
			l.seconds = append(l.seconds, second{toWord(name), len(l.tops) - 1})
			continue
		}
		head, text, _ := strings.Cut(line, "|")
		var n noun
		var kind string
		if _, err := fmt.Sscan(head, &kind, &n.low, &n.high, &n.unit); err != nil {
			panic("sandbox: noun line " + line)
		}
		n.kind, n.word, n.second = kind[0], toWord(text), len(l.seconds)-1
		n.look = look(len(l.nouns)) % looks
		l.nouns = append(l.nouns, n)
	}
	return l
})

func parseWords(table string) []word {
	var out []word
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		out = append(out, toWord(line))
	}
	return out
}

func toWord(line string) word {
	f := strings.Split(line, "|")
	if len(f) == len(langs)-1 {
		f = append(f, f[2])
	}
	if len(f) != len(langs) {
		panic("sandbox: word line " + line)
	}
	return word(f)
}

// offer keeps only what filters and sorting need; everything else follows from its index and is built when asked for.
type offer struct {
	idx                            int
	id                             int64
	noun, material, style, feature int
	seller                         int
	price                          int64 // fen, the lowest wholesale price
	quoteType                      int
	moq, batch                     int64 // batch 0 = null
	monthSold, repurchase          int64
	flags                          uint64
	traits                         trait
	h                              uint64
	built                          atomic.Pointer[[]sku]
}

// trait marks the odd offers a client must survive.
type trait uint32

const (
	singleSpec trait = 1 << iota
	outOfStock
	delisted
	noAPIOrder
	zeroPriceSKU
	freightUnclear
	mixedBatch
	batched
	dropship
	patent
	curated      // sold through the boutique flows too
	stockAtPay   // stock is taken when the order is paid, not when it is placed
	farWarehouse // leaves from the seller's second warehouse: an order of its own
	staged       // paid in two stages, 37staged
)

var traitNames = []string{"single_spec", "out_of_stock", "delisted", "no_api_order", "zero_price_sku", "freight_unclear", "mixed_batch", "batched", "dropship", "patent", "curated", "stock_at_payment", "second_warehouse", "staged"}

func (t trait) names() []string {
	out := []string{}
	for i, n := range traitNames {
		if t&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

type sku struct {
	id     int64 // the offer id for a single-spec offer
	spec   string
	colour int // -1 = none
	size   string
	price  int64 // fen; meaningful for quoteType 1
	stock  int64 // at the start
}

type tier struct{ start, price int64 }

type seller struct {
	idx                   int
	memberID, openID      string
	userID                int64
	company, login        string
	province, city        string
	mix                   bool
	mixNumber, mixAmount  int64 // pieces, yuan
	firstFee, nextFee     int64 // fen
	freeOver              int64 // fen, 0 = never free
	years                 int
	factory               bool
	ships24, ep5          bool
	score10               int64 // service score times ten
	supportOnlineInvoice  bool
	collect24, collect48p int64
}

type catalogue struct {
	seed   int64
	offers []offer
	byID   map[int64]int
	index  *index
}

// catalogueEpoch dates the catalogue: fixed, so that the same seed gives the same bytes on every day.
var catalogueEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, china)

// mix is splitmix64: a cheap, stable stream of bits per offer.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func pick(h uint64, shift, n int) int { return int((h >> shift) % uint64(n)) }

func newCatalogue(seed int64, n int) *catalogue {
	c := &catalogue{seed: seed, offers: make([]offer, n), byID: make(map[int64]int, n)}
	for i := range c.offers {
		c.fill(&c.offers[i], i)
		c.byID[c.offers[i].id] = i
	}
	c.index = newIndex(c)
	return c
}

func (c *catalogue) fill(o *offer, i int) {
	w := words()
	h := mix(uint64(c.seed)<<20 ^ uint64(i))
	n := i % len(w.nouns)
	nn := w.nouns[n]
	o.idx, o.h, o.noun = i, h, n
	o.id = 610_000_000_000 + int64(mix(uint64(c.seed))%90)*1_000_000_000 + int64(i)*40_009 + int64(h%40_000)
	o.material, o.style, o.feature = materialFor(nn, h), pick(h, 8, len(w.styles)), pick(h, 12, len(w.features))
	o.seller = int(mix(h) % uint64(8+i/25))
	o.price = nn.low*100 + int64(pick(h, 28, int(nn.high-nn.low)*10))*10
	o.moq, o.quoteType = []int64{1, 1, 2, 2, 3, 5}[pick(h, 36, 6)], 1
	o.monthSold, o.repurchase = int64(pick(mix(h+1), 0, 9000)), int64(pick(mix(h+2), 0, 60))
	o.odd(i)
	o.flags = filterFlags(o)
}

// odd spreads the awkward cases evenly, so that even the default 400 offers hold several of each.
func (o *offer) odd(i int) {
	set := func(yes bool, t trait) {
		if yes {
			o.traits |= t
		}
	}
	set(i%10 == 3, singleSpec)
	set(i%23 == 7, outOfStock)
	set(i%41 == 11, delisted)
	set(i%97 == 13, noAPIOrder)
	set(i%89 == 50, zeroPriceSKU)
	set(i%61 == 19, freightUnclear)
	set(i%17 == 4, batched)
	set(i%3 == 0, dropship)
	set(i%53 == 9, patent)
	set(i%11 == 8, curated)
	set(i%27 == 16, stockAtPay)
	set(i%43 == 22, farWarehouse)
	set(i%67 == 28, staged)
	set(sellerMixes(o.seller), mixedBatch)
	switch {
	case o.traits&singleSpec != 0:
		o.quoteType = 0
	case i%10 == 5:
		o.quoteType = 2
	}
	if o.traits&batched != 0 {
		o.batch = 6
		o.moq = 6
	}
}

// colours are the offer's colours, as indexes of the colour table. A single-spec offer has one.
func (o *offer) colours() []int {
	n, first, count := len(words().colours), pick(o.h, 20, len(words().colours)), 2+pick(o.h, 24, 3)
	if o.traits&singleSpec != 0 {
		count = 1
	}
	out := make([]int, count)
	for k := range out {
		out[k] = (first + k*5) % n
	}
	return out
}

// materialFor keeps titles believable: no silk frying pans.
func materialFor(n noun, h uint64) int {
	sets := map[byte][]int{'c': {0, 1, 2, 3, 4}, 'k': {0, 1, 4}, 's': {5, 6, 4, 8}, 'v': {7, 9, 11, 12}}
	set, ok := sets[n.kind]
	if !ok {
		set = []int{6, 8, 9, 10, 11, 12, 13, 7}
		if n.second == 4 {
			set = []int{5, 6, 4}
		}
	}
	return set[pick(h, 4, len(set))]
}

func sellerMixes(i int) bool { return i%5 == 2 }

func (c *catalogue) find(id int64) *offer {
	i, ok := c.byID[id]
	if !ok {
		return nil
	}
	return &c.offers[i]
}

func (c *catalogue) seller(i int) seller {
	h := mix(uint64(c.seed)*31 + uint64(i) + 7)
	city := cities[pick(h, 3, len(cities))]
	s := seller{
		idx: i, memberID: fmt.Sprintf("b2b-22%08d%05x", 10_000_000+i*7, h&0xfffff), openID: fmt.Sprintf("BBB%016xS%04d", mix(h), i),
		userID: 2_200_000_000_000 + int64(i)*1009, company: city[1] + shopNames[pick(h, 8, len(shopNames))] + shopKinds[pick(h, 12, len(shopKinds))],
		login: fmt.Sprintf("shop%04d", i), province: city[0], city: city[1], mix: sellerMixes(i), mixNumber: 5, mixAmount: 200,
		firstFee: 400 + int64(pick(h, 16, 9))*100, nextFee: int64(pick(h, 20, 4)) * 50, years: 1 + pick(h, 24, 14),
		factory: h&1 == 0, ships24: h&2 == 0, score10: 30 + int64(pick(h, 28, 21)), collect24: 90 + int64(pick(h, 32, 11)), collect48p: 93 + int64(pick(h, 36, 8)),
		supportOnlineInvoice: h&4 == 0,
	}
	if i%4 == 1 {
		s.freeOver = 20_000
	}
	s.ep5 = s.score10 >= 50
	return s
}

// skus builds the SKU matrix once; a single-spec offer has exactly one, without spec id.
func (c *catalogue) skus(o *offer) []sku {
	if got := o.built.Load(); got != nil {
		return *got
	}
	var out []sku
	if o.traits&singleSpec != 0 {
		out = []sku{{id: o.id, colour: -1, price: o.price, stock: c.startStock(o, 0)}}
	} else {
		out = c.matrix(o)
	}
	o.built.Store(&out)
	return out
}

func (c *catalogue) matrix(o *offer) []sku {
	sizes := sizeSets[words().nouns[o.noun].kind]
	if len(sizes) == 0 {
		sizes = []string{""}
	}
	var out []sku
	for _, col := range o.colours() {
		for zi, size := range sizes {
			j := len(out)
			k := sku{
				id:   4_700_000_000_000 + int64(mix(uint64(c.seed)+3)%90)*1_000_000_000 + int64(o.idx)*10_007 + int64(j)*97,
				spec: specID(c.seed, o.id, j), colour: col, size: size, price: o.price, stock: c.startStock(o, j),
			}
			if o.quoteType == 1 {
				k.price += int64(zi) * (o.price / 40 / 10 * 10)
			}
			if o.traits&zeroPriceSKU != 0 && j == 0 {
				k.price = 0
			}
			out = append(out, k)
		}
	}
	return out
}

func specID(seed, offer int64, j int) string {
	sum := md5.Sum([]byte(strconv.FormatInt(seed, 10) + ":" + strconv.FormatInt(offer, 10) + ":" + strconv.Itoa(j))) //nolint:gosec // see import
	return hex.EncodeToString(sum[:])
}

func (c *catalogue) startStock(o *offer, j int) int64 {
	if o.traits&outOfStock != 0 {
		return 0
	}
	r := mix(o.h + uint64(j)*77)
	if j > 0 && r%19 == 0 {
		return 0
	}
	return 2000 + int64(r%98_000)
}

// tiers are the quantity prices of quote types 0 and 2; nil for type 1.
func (o *offer) tiers() []tier {
	if o.quoteType == 1 {
		return nil
	}
	return []tier{{o.moq, o.price}, {o.moq * 50, o.price * 95 / 100}, {o.moq * 500, o.price * 88 / 100}}
}

// unitPrice is what one piece of k costs when total pieces of the offer are bought together, in fen.
func (o *offer) unitPrice(k *sku, total int64) int64 {
	price := k.price
	for i, t := range o.tiers() {
		if i == 0 || total >= t.start {
			price = t.price
		}
	}
	if k.price == 0 {
		return 0
	}
	return price
}

// onePiecePrice is what k costs a reseller who buys a single piece, in fen.
func (k *sku) onePiecePrice() int64 { return k.price + k.price/20 }

// curatedPrice is what k costs in curated wholesale, in fen.
func (k *sku) curatedPrice() int64 { return k.price * 94 / 100 }

func (o *offer) code() string { return fmt.Sprintf("K%05d", o.idx+1) }

// title composes the product's name; languages that put adjectives after the noun get them there.
func (o *offer) title(lang string) string {
	w := words()
	n, m, s, f := w.nouns[o.noun].in(lang), w.materials[o.material].in(lang), w.styles[o.style].in(lang), w.features[o.feature].in(lang)
	switch lang {
	case "zh":
		return s + m + n + f + "2026新款" + o.code()
	case "vi", "ms", "id", "th":
		return n + " " + m + " " + s + " " + f + " " + o.code()
	default:
		return s + " " + m + " " + n + " " + f + " " + o.code()
	}
}

func (o *offer) created() time.Time {
	return catalogueEpoch.Add(-time.Duration(o.h>>40%(400*24*3600)) * time.Second)
}

// langIndex finds the column of a language code or, as the seed documents have it, of a country name. Unknown ones read English.
func langIndex(lang string) int {
	for i, l := range langs {
		if l == lang {
			return i
		}
	}
	return 2
}

var countryLang = map[string]string{
	"japan": "ja", "korea": "ko", "southkorea": "ko", "south korea": "ko", "vietnam": "vi", "malaysia": "ms", "thailand": "th", "indonesia": "id",
	"russia": "ru", "russian federation": "ru", "kazakhstan": "ru", "belarus": "ru", "china": "zh", "taiwan": "zh", "hongkong": "zh", "zh-tw": "zh", "zh-cn": "zh", "in": "id",
}

// language reads the `country` argument: a language code (crossborder APIs), a locale, or a country name (seed).
func language(country string) string {
	c := strings.ToLower(strings.TrimSpace(country))
	if l, ok := countryLang[c]; ok {
		return l
	}
	c, _, _ = strings.Cut(strings.ReplaceAll(c, "_", "-"), "-")
	return langs[langIndex(c)]
}
