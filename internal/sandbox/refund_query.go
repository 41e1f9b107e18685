package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// refundWindow is how far back refunds can be listed.
const refundWindow = 730 * 24 * time.Hour

type refundQuery struct {
	page, size int
	order      int64
	statuses   []string
	kind       int64 // dipsuteType: 1 in-sale, 2 after-sale, 0 all
	seller     string
	bill       string
	aFrom, aTo time.Time
	mFrom, mTo time.Time
}

func (s *Server) parseRefundQuery(c *call) (q refundQuery, ref *refusal) {
	bad := func(name string) *refusal { return refuse("PARAM_ERROR", "parameter "+name+" is wrong") }
	q = refundQuery{size: 20, seller: c.args.Get("sellerMemberId"), bill: c.args.Get("logisticsNo")}
	if v := c.args.Get("orderId"); v != "" {
		n, ok := num(v).int()
		if !ok || n <= 0 {
			return q, bad("orderId")
		}
		q.order = n
	}
	if v := c.args.Get("dipsuteType"); v != "" {
		n, ok := num(v).int()
		if !ok || n < 0 || n > 2 {
			return q, bad("dipsuteType")
		}
		q.kind = n
	}
	if ref := refundJSON(c, "refundStatusSet", &q.statuses); ref != nil {
		return q, bad("refundStatusSet")
	}
	for _, st := range q.statuses {
		if !slices.Contains(refundStatuses, st) {
			return q, bad("refundStatusSet")
		}
	}
	if q.bill != "" && q.seller == "" {
		return q, refuse("PARAM_ERROR", "logisticsNo needs sellerMemberId")
	}
	var ok bool
	if q.page, ok = pageArg(c, "currentPageNum", 0, 0); !ok {
		return q, bad("currentPageNum")
	}
	if q.size, ok = pageArg(c, "pageSize", 20, 1); !ok {
		return q, bad("pageSize")
	}
	q.size = min(q.size, 100)
	return q, s.parseRefundTimes(c, &q)
}

// pageArg reads a page number or size.
func pageArg(c *call, name string, unset, least int) (int, bool) {
	v := c.args.Get(name)
	if v == "" {
		return unset, true
	}
	n, err := strconv.Atoi(v)
	return n, err == nil && n >= least && n <= 1_000_000
}

func (s *Server) parseRefundTimes(c *call, q *refundQuery) *refusal {
	for _, f := range []struct {
		name string
		into *time.Time
	}{{"applyStartTime", &q.aFrom}, {"applyEndTime", &q.aTo}, {"modifyStartTime", &q.mFrom}, {"modifyEndTime", &q.mTo}} {
		v := c.args.Get(f.name)
		if v == "" {
			continue
		}
		t, ok := parseStamp(v)
		if !ok {
			return refuse("PARAM_ERROR", "parameter "+f.name+" is not yyyyMMddHHmmssSSSZ")
		}
		*f.into = t
		if s.now().Sub(t) > refundWindow {
			return refuse("APPLY_TIME_ERROR", "只能查询最近730天的退款单，请检查退款申请时间！")
		}
	}
	return nil
}

func (q *refundQuery) fits(r *refund, o *order, now time.Time) bool {
	within := func(t, from, to time.Time) bool {
		t = t.Truncate(time.Millisecond)
		return (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
	}
	return (len(q.statuses) == 0 || slices.Contains(q.statuses, r.Status)) && (q.kind == 0 || int(q.kind) == r.disputeType()) &&
		(q.seller == "" || q.seller == o.SellerMember) && (q.bill == "" || q.bill == r.Bill) && now.Sub(r.Created) <= refundWindow &&
		within(r.Created, q.aFrom, q.aTo) && within(r.Modified, q.mFrom, q.mTo)
}

// refundList is queryOrderRefundList: the buyer's refunds, the latest first. Pages count from 0.
func (s *Server) refundList(c *call) (any, *refusal) {
	q, ref := s.parseRefundQuery(c)
	if ref != nil {
		return nil, ref
	}
	ids := s.refundIDs
	if q.order != 0 {
		ids = s.refundsBy[q.order]
	}
	list, total, first := []obj{}, 0, q.page*q.size
	for _, id := range slices.Backward(ids) {
		r := s.refunds[id]
		if r.Buyer != c.app.buyer.memberID || !q.fits(r, s.orders[r.Order], s.now()) {
			continue
		}
		if total >= first && len(list) < q.size {
			list = append(list, s.opRefund(r, false, ""))
		}
		total++
	}
	return obj{"opOrderRefundModels": list, "totalCount": total, "currentPageNum": q.page}, nil
}

// serviceError is how the older refund queries refuse: code 500 and a JSON text in the message.
func serviceError(code, message, cause, ext string) *refusal {
	r := refuse("500", string(marshal(struct {
		Code    string `json:"errorCode"`
		Message string `json:"errorMessage"`
		Cause   string `json:"cause"`
	}{code, message, cause})))
	r.payload = ext
	return r
}

func (s *Server) refundNamed(c *call) (*refund, *refusal) {
	text := c.args.Get("refundId")
	n, ok := refundNumber(text)
	r := s.refunds[n]
	switch {
	case !ok || r == nil:
		return nil, serviceError("003002", "SERVICE:INVOKE_FAIL:退款单数据错误，请检查退款单号，退款单号格式一般为TQ+id",
			"errorCode:REFUND_DATA_ERROR,errorMsg:refundId : "+firstRunes(text, 40)+",cause:null", "退款单错误")
	case r.Buyer != c.app.buyer.memberID:
		return nil, serviceError("003", "SERVICE:查询数据失败，请检查入参后重试。", "", "退款单错误")
	}
	return r, nil
}

func (s *Server) refundDetail(c *call) (any, *refusal) {
	r, ref := s.refundNamed(c)
	if ref != nil {
		return nil, ref
	}
	m := s.opRefund(r, c.args.Get("needOrderRefundOperation") == "true", "")
	if c.args.Get("needTimeOutInfo") != "true" {
		m["gmtTimeOut"], m["timeOutOperateType"] = nil, nil
	}
	return obj{"opOrderRefundModelDetail": m}, nil
}

// refundsOfOrder knows in-sale refunds only: queryType 1 the running ones, 3 the paid ones.
func (s *Server) refundsOfOrder(c *call) (any, *refusal) {
	const service = "SERVICE:INVOKE_FAIL:OrderRefundService.queryBatchRefundByOrderIdAndStatus"
	o, kind := s.mine(c, num(c.args.Get("orderId"))), c.args.Get("queryType")
	switch {
	case o == nil:
		return nil, serviceError("003002", service, "errorCode:ORDER_NOT_EXIST,errorMsg:null,cause:null", "订单号有误")
	case kind != "1" && kind != "3":
		return nil, serviceError("003002", service, "errorCode:INVALID_PARAM,errorMsg:null,cause:null", "queryType有误")
	}
	list := []obj{}
	for _, r := range slices.Backward(s.refundsOf(o.ID)) {
		if !r.AfterSale && (kind == "1" && !r.final() || kind == "3" && r.Status == refundPaid) {
			m := s.opRefund(r, false, "is")
			m["success"] = true
			list = append(list, m)
		}
	}
	return obj{"opOrderRefundModels": list}, nil
}

func (s *Server) refundOperations(c *call) (any, *refusal) {
	r, ref := s.refundNamed(c)
	if ref != nil {
		return nil, ref
	}
	page, ok1 := pageArg(c, "pageNo", 1, 1)
	size, ok2 := pageArg(c, "pageSize", 100, 1)
	if !ok1 || !ok2 {
		return nil, serviceError("003002", "SERVICE:INVOKE_FAIL:OrderRefundService#queryOrderRefundOperationList", "errorCode:INVALID_PARAM,errorMsg:null,cause:null", "参数错误")
	}
	all := s.opModels(r)
	size = min(size, 100)
	return obj{"opOrderRefundOperationModels": all[min((page-1)*size, len(all)):min(page*size, len(all))]}, nil
}
