package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// offer keeps what filters, sorting and scoring need, without pointers; everything else follows from its index and is built when asked for.
type offer struct {
	id                       int64
	h                        uint64 // the offer's own random bits
	flags                    uint64 // choice keys it passes
	price                    int64  // fen, the lowest wholesale price
	moq, batch               int64  // batch 0 = null
	seller                   int
	idx, monthSold           int32
	traits                   trait
	noun                     uint16
	material, style, feature uint8
	quoteType, repurchase    uint8
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
	curated       // sold through the boutique flows too
	stockAtPay    // stock is taken when the order is paid, not when it is placed
	farWarehouse  // leaves from the seller's second warehouse: an order of its own
	staged        // paid in two stages, 37staged
	threeDims     // colour x size x pack
	tiered        // quote type 2: SKUs, but prices by quantity
	promoted      // plus promotion, promotionPrice
	channelPriced // channelPrice
	certified     // certificateList
	filmed        // mainVideo and detailVideo
	translatedPic // aigcImageUrl and translated pictures
	sparse        // null wherever the platform may send null
)

var traitNames = []string{
	"single_spec", "out_of_stock", "delisted", "no_api_order", "zero_price_sku", "freight_unclear", "mixed_batch", "batched", "dropship", "patent", "curated",
	"stock_at_payment", "second_warehouse", "staged", "three_dimensions", "tiered", "promotion", "channel_price", "certificate", "video", "translated_picture", "sparse",
}

// traitNamed finds the bit of a name; 0 when there is none.
func traitNamed(name string) trait {
	if i := slices.Index(traitNames, name); i >= 0 {
		return 1 << i
	}
	return 0
}

func (t trait) names() []string {
	out := []string{}
	for i, n := range traitNames {
		if t&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

type catalogue struct {
	seed   int64
	offers []offer
	index  *index
	off    []uint64 // places of delisted offers, a bit each
	keys   [sortKeys]sortKey
	pages  byteCache // finished answers to searches
}

// with is the catalogue with some offers changed in price and traits; what the index is made of never changes. Searches may go on reading c.
func (c *catalogue) with(changes ...offerChange) *catalogue {
	n := &catalogue{seed: c.seed, offers: slices.Clone(c.offers), index: c.index}
	for _, change := range changes {
		if o := n.find(change.Offer); o != nil {
			o.change(change)
			o.flags = n.filterFlags(o)
		}
	}
	n.shelve()
	return n
}

// shelve notes which places are delisted.
func (c *catalogue) shelve() {
	c.off = make([]uint64, len(c.offers)/64+1)
	for place, i := range c.index.places {
		if c.offers[i].traits&delisted != 0 {
			c.off[place>>6] |= 1 << (place & 63)
		}
	}
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
	c := &catalogue{seed: seed, offers: make([]offer, n)}
	w := words()
	for i := range c.offers {
		c.fill(w, &c.offers[i], i)
	}
	c.index = newIndex(c)
	c.shelve()
	return c
}

// idStep parts the ids of neighbours; the rest below it is random, so that ids look like the real ones but still tell the index.
const idStep = 40_009

func (c *catalogue) firstID() int64 {
	return 610_000_000_000 + int64(mix(uint64(c.seed))%90)*1_000_000_000
}

func (c *catalogue) find(id int64) *offer {
	i := (id - c.firstID()) / idStep
	if id < c.firstID() || i >= int64(len(c.offers)) || c.offers[i].id != id {
		return nil
	}
	return &c.offers[i]
}

// nounAt deals the products out so that any stretch of offers holds all kinds.
func (l *lexicon) nounAt(i int) int { return (i*l.stride + i/len(l.nouns)*13) % len(l.nouns) }

func (c *catalogue) fill(w *lexicon, o *offer, i int) {
	h := mix(uint64(c.seed)<<20 ^ uint64(i))
	o.idx, o.h, o.noun = int32(i), h, uint16(w.nounAt(i))
	n := &w.nouns[o.noun]
	sec := &w.seconds[n.second]
	o.id = c.firstID() + int64(i)*idStep + int64(h%40_000)
	materials := w.materialGroups[n.material]
	o.material = materials[pick(h, 4, len(materials))]
	o.style, o.feature = sec.styles[pick(h, 8, len(sec.styles))], sec.features[pick(h, 12, len(sec.features))]
	// A seller keeps to one first-level category: its number modulo their count.
	o.seller = int(mix(h)%uint64(8+i/25))/len(w.tops)*len(w.tops) + sec.top
	low, high := n.low*100, n.high*100
	cheap := int64(pick(h, 28, 1000))
	o.price = (low + (high-low)*cheap*cheap/1_000_000) / 10 * 10 // most offers are near the lower end
	o.moq, o.quoteType = []int64{1, 1, 2, 2, 3, 5}[pick(h, 36, 6)], 1
	sold := int64(pick(mix(h+1), 0, 10_000))
	o.monthSold, o.repurchase = int32(sold*sold/10_000), uint8(pick(mix(h+2), 0, 61))
	o.odd(i)
	o.flags = c.filterFlags(o)
}

// odd spreads the awkward cases evenly, so that even 400 offers hold several of each.
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
	set(i%10 == 5, tiered)
	set(i%29 == 12 && o.traits&singleSpec == 0, threeDims)
	set(o.h%5 == 0, promoted)
	set(o.h%13 == 4, channelPriced)
	set(o.h%9 == 2, certified)
	set(o.h%4 == 3, filmed)
	set(o.h%7 == 1, translatedPic)
	set(o.h%31 == 6, sparse)
	set(sellerMixes(o.seller), mixedBatch)
	switch {
	case o.traits&singleSpec != 0:
		o.quoteType = 0
	case o.traits&tiered != 0:
		o.quoteType = 2
	}
	if o.traits&batched != 0 {
		o.batch = 6
		o.moq = 6
	}
}

// colours are the offer's colours, as indexes of the colour table. A single-spec offer has one.
func (o *offer) colours() []int {
	out := make([]int, o.colourCount())
	for k := range out {
		out[k] = o.colour(k)
	}
	return out
}

func (o *offer) colourCount() int {
	if o.traits&singleSpec != 0 {
		return 1
	}
	return 2 + pick(o.h, 24, 3)
}

func (o *offer) colour(k int) int {
	n := len(words().colours)
	return (pick(o.h, 20, n) + k*5) % n
}

func (o *offer) code() string { return fmt.Sprintf("K%05d", o.idx+1) }

func (o *offer) created() time.Time {
	return catalogueEpoch.Add(-time.Duration(o.age()) * time.Second)
}

// age in seconds at the catalogue's epoch: up to 400 days.
func (o *offer) age() int64 { return int64(o.h >> 40 % (400 * 24 * 3600)) }

func (o *offer) modified() time.Time {
	return catalogueEpoch.Add(-time.Duration(o.age()/3) * time.Second)
}

// offStatuses are the states in which a product cannot be bought.
var offStatuses = []string{
	"expired", "member expired", "auto expired", "member deleted", "deleted", "modified", "new", "TBD", "approved", "auditing", "untread",
}

func (o *offer) status() string {
	if o.traits&delisted == 0 {
		return "published"
	}
	return offStatuses[int(o.idx)/41%len(offStatuses)]
}

// grams is the weight of one piece: about what its kind weighs.
func (o *offer) grams() int64 {
	return max(words().nouns[o.noun].grams*int64(75+pick(o.h, 44, 51))/100, 1)
}

// sides of one packed piece in whole centimetres, longest first. They follow the weight, so that volume and weight agree.
func (o *offer) sides() (length, width, height int64) {
	side := int64(4)
	for side*side*side < o.grams()*4 { // packed goods have about a quarter of water's density
		side++
	}
	return side * 3 / 2, side, max(side*2/3, 1)
}
