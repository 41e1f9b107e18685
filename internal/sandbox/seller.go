package sandbox

import "fmt"

type seller struct {
	idx                  int
	memberID, openID     string
	userID               int64
	company, login       string
	province, city       string
	mix                  bool
	mixNumber, mixAmount int64 // pieces, yuan
	firstFee, nextFee    int64 // fen
	freeOver             int64 // fen, 0 = never free
	sellerFacts
}

// sellerFacts are what searches filter by and show of a seller: all its offers agree in them.
type sellerFacts struct {
	factory, freeCredit, dyPrint, ksPrint bool
	years                                 int
	medal                                 int
	score10                               int64 // service score times ten, 35 to 50
	collect24, collect48                  int64 // percent
	refunds                               int64 // quality refunds of 30 days, in thousandths
	onlineInvoice, fastInvoice            bool
}

// sellerMixes tells who sells mixed batches. It does not depend on the seed: a larger catalogue must begin with the smaller one.
func sellerMixes(i int) bool { return mix(uint64(i)+77)%5 == 2 }

func (c *catalogue) facts(i int) sellerFacts {
	h := mix(uint64(c.seed)*31 + uint64(i) + 7)
	f := sellerFacts{
		factory: h&1 == 0, freeCredit: h>>1%6 == 0, dyPrint: h>>2%3 == 0, ksPrint: h>>3%4 == 1, years: 1 + pick(h, 24, 14), medal: 1 + pick(h, 5, 5),
		score10: 35 + int64(pick(h, 28, 16)), collect24: 89 + int64(pick(h, 32, 12)), onlineInvoice: h&4 == 0, fastInvoice: h>>9%5 == 0,
	}
	if h>>10%5 == 0 {
		f.score10 = 50
	}
	f.collect48 = min(f.collect24+int64(pick(h, 36, 5)), 100)
	f.refunds = []int64{0, 0, 3, 8, 20, 40, 70, 90, 140}[pick(h, 40, 9)]
	return f
}

func (c *catalogue) seller(i int) seller {
	h := mix(uint64(c.seed)*31 + uint64(i) + 7)
	city, kinds := cities[pick(h, 3, len(cities))], shopKinds[i%len(shopKinds)]
	s := seller{
		idx: i, memberID: fmt.Sprintf("b2b-22%08d%05x", 10_000_000+i*7, h&0xfffff), openID: fmt.Sprintf("BBB%016xS%04d", mix(h), i),
		userID: 2_200_000_000_000 + int64(i)*1009, company: city[1] + shopNames[pick(h, 8, len(shopNames))] + kinds[pick(h, 12, len(kinds))],
		login: fmt.Sprintf("shop%04d", i), province: city[0], city: city[1], mix: sellerMixes(i), mixNumber: 5, mixAmount: 200,
		firstFee: 400 + int64(pick(h, 16, 9))*100, nextFee: int64(pick(h, 20, 4)) * 50, sellerFacts: c.facts(i),
	}
	if i%4 == 1 {
		s.freeOver = 20_000
	}
	return s
}

// score is the service score as text, 4.6.
func (f *sellerFacts) score() string { return tenths(f.score10) }

func tenths(n int64) string { return itoa(n/10) + "." + itoa(n%10) }

// refundRate is the share of quality refunds as the platform writes it: empty means none.
func (f *sellerFacts) refundRate() string {
	if f.refunds == 0 {
		return ""
	}
	return tenths(f.refunds) + "%"
}

// The identities a search shows of sellers.
var (
	bigFactory   = []string{"super_factory", "powerful_merchants"}
	smallFactory = []string{"super_factory", "tp_member"}
	powerful     = bigFactory[1:]
	ordinaryShop = smallFactory[1:]
)

func (f *sellerFacts) identities() []string {
	switch {
	case f.factory && f.years > 5:
		return bigFactory
	case f.factory:
		return smallFactory
	case f.years > 8:
		return powerful
	}
	return ordinaryShop
}
