package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// periodPage is how many credit terms one answer holds.
const periodPage = 10

// accountPeriods lists the terms of payment sellers granted. Some of a line's fields are our guess.
func (s *Server) accountPeriods(c *call) (any, *refusal) {
	page := 1
	if v := c.args.Get("pageIndex"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1_000_000 {
			return nil, refuse("400_1", "pageIndex is not a page number")
		}
		page = n
	}
	cat := s.cat.Load()
	var hits []int
	if login := c.args.Get("sellerLoginId"); login != "" {
		if sel, ok := cat.sellerNamed(login); ok && grantsTerms(sel.idx) {
			hits = append(hits, sel.idx)
		}
	} else {
		for i := range cat.sellers() {
			if grantsTerms(i) {
				hits = append(hits, i)
			}
		}
	}
	from, lines := min((page-1)*periodPage, len(hits)), []obj{}
	for _, i := range hits[from:min(from+periodPage, len(hits))] {
		lines = append(lines, creditTerm(cat.seller(i)))
	}
	return obj{"totalCount": strconv.Itoa(len(hits)), "accountPeriodList": lines}, nil
}

// grantsTerms: every fifth seller lets known buyers pay later.
func grantsTerms(seller int) bool { return seller%5 == 2 }

func creditTerm(sel seller) obj {
	h := mix(uint64(sel.userID))
	quota := int64(1+pick(h, 4, 50)) * 100_000
	kind, day, text := 1, 1+pick(h, 12, 28), "每月%d日结算"
	if h&1 == 0 {
		kind, day, text = 6, []int{7, 15, 30, 60}[pick(h, 12, 4)], "收货后%d天结算"
	}
	return obj{
		"sellerLoginId": sel.login, "sellerCompanyName": sel.company, "gmtQuota": stamp(catalogueEpoch), "quota": quota, "surplusQuota": quota, "statusStr": "生效中",
		"tapType": kind, "tapTypeStr": fmt.Sprintf(text, day), "tapDate": day, "tapDateStr": strconv.Itoa(day), "tapOverdue": 0,
	}
}

// sellers is how many there are.
func (c *catalogue) sellers() int {
	tops := len(words().tops)
	return ((7+(len(c.offers)-1)/25)/tops + 1) * tops // fill deals them out
}

// sellerNamed finds a seller by login, openUid, memberId or shop domain. Logins and openUids end in the seller's number; whatever else does not match is refused.
func (c *catalogue) sellerNamed(name string) (seller, bool) {
	digits := name[len(strings.TrimRight(name, "0123456789")):]
	if i, err := strconv.Atoi(digits); err == nil && i < c.sellers() {
		if sel := c.seller(i); name == sel.login || name == sel.openID {
			return sel, true
		}
	}
	if !strings.HasPrefix(name, "b2b-") && !strings.Contains(name, ".") {
		return seller{}, false
	}
	for i := range c.sellers() {
		if sel := c.seller(i); name == sel.memberID || name == sel.domain() {
			return sel, true
		}
	}
	return seller{}, false
}

func (s *seller) domain() string { return s.login + ".1688.com" }
