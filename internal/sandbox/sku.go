package sandbox

import (
	"encoding/binary"
	"encoding/hex"
)

type sku struct {
	id     int64 // the offer id for a single-spec offer
	spec   string
	colour int // -1 = none
	size   string
	pack   int   // row of packTable, -1 = none
	price  int64 // fen; meaningful for quoteType 1
	stock  int64 // at the start
}

type tier struct{ start, price int64 }

// skus builds the SKU matrix; a single-spec offer has exactly one, without spec id.
func (c *catalogue) skus(o *offer) []sku {
	if o.traits&singleSpec != 0 {
		return []sku{{id: o.id, colour: -1, pack: -1, price: o.price, stock: c.startStock(o, 0)}}
	}
	sizes, packs := sizeSets[words().nouns[o.noun].sizes], 1
	if len(sizes) == 0 {
		sizes = []string{""}
	}
	if o.traits&threeDims != 0 {
		packs = len(words().packs)
	}
	colours := o.colourCount()
	out := make([]sku, 0, colours*len(sizes)*packs)
	for col := range colours {
		for zi, size := range sizes {
			for p := range packs {
				out = append(out, c.sku(o, len(out), zi, p, packs > 1, o.colour(col), size))
			}
		}
	}
	return out
}

func (c *catalogue) sku(o *offer, j, zi, pack int, packs bool, colour int, size string) sku {
	k := sku{
		id:   4_700_000_000_000 + int64(mix(uint64(c.seed)+3)%90)*1_000_000_000 + int64(o.idx)*10_007 + int64(j)*97,
		spec: specID(c.seed, o.id, j), colour: colour, size: size, pack: -1, price: o.price, stock: c.startStock(o, j),
	}
	if packs {
		k.pack = pack
	}
	if o.quoteType == 1 {
		k.price += int64(zi) * (o.price / 40 / 10 * 10)
		k.price *= int64(pack + 1)
	}
	if o.traits&zeroPriceSKU != 0 && j == 0 {
		k.price = 0
	}
	return k
}

// specID is 32 hex digits that nobody can guess from the SKU id.
func specID(seed, offer int64, j int) string {
	var b [16]byte
	a := mix(uint64(seed)<<32 ^ uint64(offer)*1009 ^ uint64(j))
	binary.BigEndian.PutUint64(b[:8], a)
	binary.BigEndian.PutUint64(b[8:], mix(a^uint64(offer)))
	return hex.EncodeToString(b[:])
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
func (k *sku) onePiecePrice() int64 { return onePiece(k.price) }

// curatedPrice is what k costs in curated wholesale, in fen.
func (k *sku) curatedPrice() int64 { return curatedLot(k.price) }

func onePiece(fen int64) int64   { return fen + fen/20 }
func curatedLot(fen int64) int64 { return fen * 94 / 100 }
func reduced(fen int64) int64    { return fen * 9 / 10 }
