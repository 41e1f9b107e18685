// Package account keeps overseas members: sign-up, sign-in and their registration with 1688.
package account

import (
	"net/mail"
	"regexp"
	"strings"
	"time"

	"entrepot/internal/errs"

	"github.com/nyaruka/phonenumbers"
)

// Limits that 1688 sets on a registration (the seed's login limit is the narrower one).
const (
	maxLogin  = 32
	maxEmail  = 60
	maxMobile = 30
)

// JobPushRegistration asks the sync package to announce a member to 1688.
const JobPushRegistration = "push.registration"

// Registration is the payload of JobPushRegistration.
type Registration struct {
	Site     string    `json:"site"`
	MemberID int64     `json:"member,string"`
	At       time.Time `json:"at"`
}

// Signup is what a person gives to become a member.
type Signup struct {
	LoginName  string
	Password   string
	Email      string
	Mobile     string
	MobileArea string
	Language   string
	IP         string // the person's own address; 1688 asks for it
	CartToken  string // of the cart filled as a guest, "" = none
}

// Announced is a member as 1688 is told about it.
type Announced struct {
	Site        string
	Country     string // lower-case English name
	OutMemberID string
	LoginName   string
	Email       string
	Mobile      string
	MobileArea  string
	IP          string
}

var loginPattern = regexp.MustCompile(`^[\pL\pN][\pL\pN._@+-]*$`)

// check validates a sign-up and brings it into the form that is stored.
func (in Signup) check() (Signup, error) {
	bad := errs.New(errs.Invalid, "request.invalid")
	in.LoginName = strings.TrimSpace(in.LoginName)
	if n := len([]rune(in.LoginName)); n < 3 || n > maxLogin || !loginPattern.MatchString(in.LoginName) {
		bad.At("/loginName", "account.login_invalid")
	}
	if strings.EqualFold(in.Password, in.LoginName) || strings.TrimSpace(in.Password) == "" {
		bad.At("/password", "account.password_weak")
	}
	if in.Email == "" && in.Mobile == "" {
		bad.At("/email", "account.contact_required")
	}
	if in.Email != "" && !validEmail(in.Email) {
		bad.At("/email", "account.email_invalid")
	}
	in.checkMobile(bad)
	if len(bad.Fields) > 0 {
		return in, bad
	}
	return in, nil
}

func (in *Signup) checkMobile(bad *errs.Error) {
	if in.Mobile == "" {
		in.MobileArea = ""
		return
	}
	if in.MobileArea == "" {
		bad.At("/mobileArea", "account.mobile_area_required")
		return
	}
	in.MobileArea = strings.ToUpper(in.MobileArea)
	number, err := phonenumbers.Parse(in.Mobile, in.MobileArea)
	if err != nil || len(in.Mobile) > maxMobile || !phonenumbers.IsPossibleNumber(number) || !phonenumbers.GetSupportedRegions()[in.MobileArea] {
		bad.At("/mobile", "account.mobile_invalid")
		return
	}
	if int(number.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(in.MobileArea) { // "+81..." with another country's area
		bad.At("/mobile", "account.mobile_invalid")
		return
	}
	in.Mobile = phonenumbers.GetNationalSignificantNumber(number)
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxEmail && strings.Contains(s[strings.LastIndexByte(s, '@'):], ".")
}

// maskEmail and maskMobile show enough to recognise a contact and no more.
func maskEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return ""
	}
	return s[:1] + "***" + s[at:]
}

func maskMobile(s string) string {
	if len(s) < 5 {
		return strings.Repeat("*", len(s))
	}
	return strings.Repeat("*", len(s)-4) + s[len(s)-4:]
}
