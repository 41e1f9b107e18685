package sandbox

import (
	"errors"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"unicode/utf8"
)

func accountAPIs() []api {
	return []api{
		{ns: nsCross, name: "account.user.register", required: []string{"countryAccount"}, lock: true, envelope: envA(false), handle: (*Server).register},
		{ns: nsCross, name: "account.business.save", required: []string{"accountPerformance"}, lock: true, envelope: envSaved(), handle: (*Server).saveBusiness},
		{ns: nsAccount, name: "alibaba.account.basic", envelope: envCard(), handle: (*Server).accountBasic},
		{ns: nsAccount, name: "alibaba.account.agent.crossBasic", required: []string{"loginId|domain"}, envelope: envB(false), handle: (*Server).accountCross},
		{ns: nsAccount, name: "alibaba.subAccount.list", envelope: envFlat("errorCode", "errorMsg"), handle: (*Server).subAccounts},
	}
}

// envSaved is {"result":{"saveResult":true}}; why something was not saved stands beside it.
func envSaved() envelope {
	return envelope{
		good: func(p any) any { return obj{"result": obj{"saveResult": p}} },
		bad: func(r *refusal) any {
			return obj{"result": obj{"saveResult": false, "errorCode": r.code, "errorMessage": r.message}}
		},
	}
}

// envCard is the bare card under result.
func envCard() envelope {
	e := envB(false)
	e.good = func(p any) any { return obj{"result": p} }
	return e
}

var (
	countryForm = regexp.MustCompile(`^[a-z][a-z ]{1,40}$`)
	siteForm    = regexp.MustCompile(`^[a-z0-9_-]{1,16}$`)
	mobileForm  = regexp.MustCompile(`^[0-9+ -]{4,30}$`)
	areaForm    = regexp.MustCompile(`^[A-Z]{2}$`)
)

type countryAccount struct {
	Country  string `json:"country"`
	Site     string `json:"site"`
	Login    text   `json:"outLoginId"`
	SeedName text   `json:"outLoginName"` // the seed's word
	Member   text   `json:"outMemberId"`
	Email    string `json:"email"`
	Mobile   text   `json:"mobile"`
	Area     string `json:"mobileArea"`
	IP       string `json:"ip"`
}

// check holds each dialect to its own lengths: the national-site documents allow shorter names and longer ids.
func (a *countryAccount) check() *refusal {
	bad := func(field string) *refusal { return refuse("PARAM_ERROR", field+" is missing or malformed") }
	field, login, longest, longestID := "outLoginId", a.Login, 60, 60
	if a.SeedName != "" {
		field, login, longest, longestID = "outLoginName", a.SeedName, 32, 64
	}
	addr, mailErr := mail.ParseAddress(a.Email)
	if mailErr == nil && addr.Address != a.Email {
		mailErr = errors.New("a name beside the address")
	}
	_, ipErr := netip.ParseAddr(a.IP)
	switch {
	case !countryForm.MatchString(a.Country):
		return bad("country")
	case !siteForm.MatchString(a.Site):
		return bad("site")
	case login == "" || utf8.RuneCountInString(string(login)) > longest:
		return bad(field)
	case a.Member == "" || utf8.RuneCountInString(string(a.Member)) > longestID:
		return bad("outMemberId")
	case a.Email == "" && a.Mobile == "":
		return refuse("PARAM_ERROR", "email or mobile must be present")
	case a.Email != "" && (mailErr != nil || len(a.Email) > 60):
		return bad("email")
	case a.Mobile != "" && !mobileForm.MatchString(string(a.Mobile)):
		return bad("mobile")
	case a.Mobile != "" && !areaForm.MatchString(a.Area):
		return bad("mobileArea")
	case ipErr != nil:
		return bad("ip")
	}
	return nil
}

// register is idempotent, unless a switch says otherwise: a known member is a success with another message.
func (s *Server) register(c *call) (any, *refusal) {
	var a countryAccount
	if ref := c.decode("countryAccount", &a); ref != nil {
		return nil, ref
	}
	ref := a.check()
	key := a.Site + ":" + string(a.Member)
	known := s.members[key]
	if ref == nil && known && s.identityRules.RefuseKnown {
		ref = refuse("MEMBER_EXIST", "member exists")
	}
	s.told(c, kindRegistration, key, "countryAccount", ref, "")
	code, message := "S0000", "success"
	switch {
	case ref != nil:
		code, message = ref.code, ref.message
	case known:
		message = "member exists"
	default:
		s.members[key] = true
		s.dirty.Member = key
	}
	in := obj{"success": ref == nil, "code": code, "message": message, "result": ref == nil}
	if c.answer = in; !s.identityRules.Flat {
		c.answer = obj{"result": in}
	}
	return nil, ref
}

// businessLines are the regions an account can be tagged with.
var businessLines = []string{"sea", "sa", "jk", "hmt", "me", "na", "la", "we", "ru", "af"}

// saveBusiness tags the buyer's account or one of its sub-accounts; the last word counts.
func (s *Server) saveBusiness(c *call) (any, *refusal) {
	var in struct {
		Account  text `json:"account"`
		Business text `json:"business"`
	}
	if ref := c.decode("accountPerformance", &in); ref != nil {
		return nil, ref
	}
	account, line := string(in.Account), string(in.Business)
	switch {
	case account != c.app.buyer.login && !slices.Contains(c.app.buyer.subs(), account):
		return nil, refuse("ACCOUNT_NOT_EXIST", "account is neither the authorised buyer nor one of its sub-accounts")
	case !slices.Contains(businessLines, line):
		return nil, refuse("PARAM_ERROR", "business is unknown")
	}
	s.businesses[account] = line
	s.dirty.Businesses = map[string]string{account: line}
	c.note = append(c.note, account+" "+line)
	return true, nil
}

func (s *Server) accountBasic(c *call) (any, *refusal) {
	b := &c.app.buyer
	return obj{
		"loginId": b.login, "userId": b.userID, "memberId": b.memberID, "enterpriseAccount": true, "categoryName": "跨境电商", "createDate": stamp(catalogueEpoch),
		"modifyDate": stamp(catalogueEpoch), "trustScore": 5, "saleRate": 0, "maturity": 3, "communityLevel": "L3", "joinFrom": "1688",
	}, nil
}

// accountCross is the card of a seller, by login or shop domain.
func (s *Server) accountCross(c *call) (any, *refusal) {
	sel, ok := s.cat.Load().sellerNamed(or(c.args.Get("loginId"), c.args.Get("domain")))
	if !ok {
		return nil, refuse("MEMBER_NOT_EXIST", "no such member")
	}
	return obj{
		"loginId": sel.login, "companyName": sel.company, "categoryName": "综合", "shopUrl": "https://" + sel.domain(), "supplierName": sel.company,
		"kuaJingBao": sel.idx%2 == 0, "memberId": sel.memberID,
	}, nil
}

// subAccounts lists what the main account has; the rows' fields are our guess.
func (s *Server) subAccounts(c *call) (any, *refusal) {
	b, rows := &c.app.buyer, []obj{}
	for i, name := range b.subs() {
		rows = append(rows, obj{"userId": itoa(b.userID + int64(i) + 1), "loginId": name, "memberId": b.memberID + "s" + itoa(int64(i)+1), "status": "enabled"})
	}
	return obj{
		"mainUserId": itoa(b.userID), "mainLoginId": b.login, "mainMemberId": b.memberID, "subAccountList": rows, "errorCode": nil, "errorMsg": nil,
	}, nil
}
