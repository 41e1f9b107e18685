package sandbox

import (
	"net/mail"
	"net/netip"
	"regexp"
)

func accountAPIs() []api {
	return []api{{
		ns: nsCross, name: "account.user.register", required: []string{"countryAccount"}, lock: true, envelope: envA(false), handle: (*Server).register,
	}}
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

func (a *countryAccount) check() *refusal {
	bad := func(field string) *refusal { return refuse("PARAM_ERROR", field+" is missing or malformed") }
	login := a.Login + a.SeedName
	_, mailErr := mail.ParseAddress(a.Email)
	_, ipErr := netip.ParseAddr(a.IP)
	switch {
	case !countryForm.MatchString(a.Country):
		return bad("country")
	case !siteForm.MatchString(a.Site):
		return bad("site")
	case login == "" || len([]rune(login)) > 60:
		return bad("outLoginId")
	case a.Member == "" || len(a.Member) > 60:
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

// register is idempotent: a known member is a success with another message.
func (s *Server) register(c *call) (any, *refusal) {
	var a countryAccount
	if ref := c.decode("countryAccount", &a); ref != nil {
		return nil, ref
	}
	ref := a.check()
	key := a.Site + ":" + string(a.Member)
	s.told(c, kindRegistration, key, "countryAccount", ref, "")
	if ref != nil {
		return nil, ref
	}
	if s.members[key] {
		c.answer = obj{"result": obj{"success": true, "code": "S0000", "message": "member exists", "result": true}}
		return nil, nil
	}
	s.members[key] = true
	s.dirty.Member = key
	return true, nil
}
