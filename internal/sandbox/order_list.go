package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxPage is the most orders of one page.
const maxPage = 50

// orderList finds orders by number, by the caller's own number or in a modify window without reading all orders. Newest first.
func (s *Server) orderList(c *call) (any, *refusal) {
	q, ref := s.parseListQuery(c)
	if ref != nil {
		return nil, ref
	}
	hits := s.find(c, q)
	result := []any{}
	show := shown{base: c.base, memo: q.memo, phone: q.phone}
	for _, o := range hits[min((q.page-1)*q.size, len(hits)):min(q.page*q.size, len(hits))] {
		result = append(result, s.tradeModel(o, &show))
	}
	return obj{"result": result, "totalRecord": len(hits), "errorCode": nil, "errorMessage": nil}, nil
}

func (s *Server) find(c *call, q *listQuery) []*order {
	var hits []*order
	now, buyer := s.now(), c.app.buyer.memberID
	take := func(o *order) {
		if o != nil && o.Buyer == buyer && q.fits(o, now) {
			hits = append(hits, o)
		}
	}
	switch {
	case q.ids != nil:
		slices.Sort(q.ids)
		for _, id := range slices.Backward(slices.Compact(q.ids)) {
			take(s.orders[id])
		}
	case q.out != "":
		for _, id := range slices.Backward(s.byOut[q.out]) {
			take(s.orders[id])
		}
	case !q.mFrom.IsZero():
		for o := s.newest; o != nil && !o.Modified.Before(q.mFrom); o = o.older {
			take(o)
		}
		slices.SortFunc(hits, func(a, b *order) int { return cmp.Compare(b.ID, a.ID) })
	default:
		for _, id := range slices.Backward(s.orderIDs) {
			take(s.orders[id])
		}
	}
	return hits
}

type listQuery struct {
	page, size             int
	status, out, refund    string
	his, memo, phone       bool
	ids                    []int64
	cFrom, cTo, mFrom, mTo time.Time
	biz                    []string
	member, login, mode    string
	product                string
	rate                   string
	title                  func(int64) string // of an offer, in Chinese
	sellers                func(int) string   // login by number
}

func (s *Server) parseListQuery(c *call) (*listQuery, *refusal) {
	q := &listQuery{
		page: 1, size: 20, status: c.args.Get("orderStatus"), out: c.args.Get("outOrderId"), his: c.args.Get("isHis") == "true", refund: c.args.Get("refundStatus"),
		memo: c.args.Get("needMemoInfo") == "true", phone: c.args.Get("needBuyerAddressAndPhone") == "true", member: c.args.Get("sellerMemberId"),
		login: c.args.Get("sellerLoginId"), mode: c.args.Get("tradeType"), product: c.args.Get("productName"), rate: c.args.Get("sellerRateStatus"),
	}
	cat := s.cat.Load()
	q.title = func(id int64) string {
		if of := cat.find(id); of != nil {
			return of.title("zh")
		}
		return ""
	}
	q.sellers = func(i int) string { return cat.seller(i).login }
	for _, p := range []struct {
		name string
		into *int
	}{{"page", &q.page}, {"pageSize", &q.size}} {
		if v := c.args.Get(p.name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 1_000_000 {
				return q, refuse("400_1", p.name+" is not a page number")
			}
			*p.into = n
		}
	}
	q.size = min(q.size, maxPage)
	for _, p := range []struct {
		name string
		into *time.Time
	}{{"createStartTime", &q.cFrom}, {"createEndTime", &q.cTo}, {"modifyStartTime", &q.mFrom}, {"modifyEndTime", &q.mTo}} {
		if v := c.args.Get(p.name); v != "" {
			t, ok := parseStamp(v)
			if !ok {
				return q, refuse("400_1", p.name+" is not yyyyMMddHHmmssSSSZ")
			}
			*p.into = t
		}
	}
	return q, q.lists(c)
}

func (q *listQuery) lists(c *call) *refusal {
	if c.args.Get("bizTypes") != "" {
		if ref := c.decode("bizTypes", &q.biz); ref != nil {
			return ref
		}
	}
	if c.args.Get("orderIds") == "" {
		return nil
	}
	var ids []num
	if ref := c.decode("orderIds", &ids); ref != nil {
		return ref
	}
	q.ids = []int64{}
	for _, id := range ids {
		n, _ := id.int()
		q.ids = append(q.ids, n)
	}
	return nil
}

func (q *listQuery) fits(o *order, now time.Time) bool {
	within := func(t, from, to time.Time) bool {
		return (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
	}
	return !o.Deleted && (q.status == "" || q.status == o.Status) && (q.refund == "" || q.refund == o.RefundStatus || q.refund == o.RefundStatusAS) &&
		(q.out == "" || q.out == o.OutOrderID) && within(o.Created, q.cFrom, q.cTo) && within(o.Modified.Truncate(time.Millisecond), q.mFrom, q.mTo) &&
		q.his == (now.Sub(o.Created) > historyAfter) && q.fitsRest(o)
}

// fitsRest is the rarer filters. Nobody has rated anything here, so sellerRateStatus 4 finds nothing and 5 finished orders.
func (q *listQuery) fitsRest(o *order) bool {
	switch {
	case len(q.biz) > 0 && !slices.Contains(q.biz, "cb"):
		return false
	case q.member != "" && q.member != o.SellerMember || q.login != "" && q.login != q.sellers(o.Seller):
		return false
	case q.mode != "" && q.mode != o.TradeType && q.mode != tradeTypes[o.TradeType]:
		return false
	case q.rate == "4" || q.rate == "5" && o.Status != success || q.rate == "6" && o.Status != cancelled:
		return false
	case q.product == "":
		return true
	}
	return slices.ContainsFunc(o.Lines, func(l orderLine) bool { return strings.Contains(q.title(l.Offer), q.product) })
}
