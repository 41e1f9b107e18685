package account

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

func fields(err error) []string {
	out := []string{}
	if err == nil {
		return out
	}
	for _, f := range errs.From(err).Fields {
		out = append(out, f.Pointer+" "+f.Key)
	}
	return out
}

// good is a sign-up without faults.
func good(change func(*Signup)) Signup {
	in := Signup{LoginName: "hanako", Password: "a long password", Email: "hanako@example.com", IP: "203.0.113.7"}
	if change != nil {
		change(&in)
	}
	return in
}

func TestCheckSignup(t *testing.T) {
	login := func(s string) func(*Signup) { return func(in *Signup) { in.LoginName = s } }
	email := func(s string) func(*Signup) { return func(in *Signup) { in.Email = s } }
	password := func(s string) func(*Signup) { return func(in *Signup) { in.Password = s } }
	mobile := func(number, area string) func(*Signup) {
		return func(in *Signup) { in.Email, in.Mobile, in.MobileArea = "", number, area }
	}
	for _, tt := range []struct {
		name   string
		change func(*Signup)
		want   []string
	}{
		{"fine", nil, nil},
		{"two characters", login("ab"), []string{"/loginName account.login_invalid"}},
		{"three", login("abc"), nil},
		{"32", login(strings.Repeat("a", 32)), nil},
		{"33", login(strings.Repeat("a", 33)), []string{"/loginName account.login_invalid"}},
		{"32 characters of three bytes", login(strings.Repeat("花", 32)), nil},
		{"blanks around do not count", login("  ab  "), []string{"/loginName account.login_invalid"}},
		{"blanks around", login("  abc  "), nil},
		{"blank inside", login("a b c"), []string{"/loginName account.login_invalid"}},
		{"an address as login", login("a.b+c@example.com"), nil},
		{"begins with a dot", login(".abc"), []string{"/loginName account.login_invalid"}},
		{"a control character", login("ab\x00c"), []string{"/loginName account.login_invalid"}},
		{"markup", login("<b>abc"), []string{"/loginName account.login_invalid"}},
		{"empty", login(""), []string{"/loginName account.login_invalid"}},
		{"password is the login", password("HANAKO"), []string{"/password account.password_weak"}},
		{"password of blanks", password("          "), []string{"/password account.password_weak"}},
		{"no contact", email(""), []string{"/email account.contact_required"}},
		{"no domain", email("hanako"), []string{"/email account.email_invalid"}},
		{"no dot in the domain", email("hanako@localhost"), []string{"/email account.email_invalid"}},
		{"with a name", email("Hanako <hanako@example.com>"), []string{"/email account.email_invalid"}},
		{"two addresses", email("a@example.com,b@example.com"), []string{"/email account.email_invalid"}},
		{"line break", email("a@example.com\nBcc: b@example.com"), []string{"/email account.email_invalid"}},
		{"60 bytes", email(strings.Repeat("a", 48) + "@example.com"), nil},
		{"61 bytes", email(strings.Repeat("a", 49) + "@example.com"), []string{"/email account.email_invalid"}},
		{"mobile", mobile("090-1234-5678", "JP"), nil},
		{"mobile, small letters", mobile("090-1234-5678", "jp"), nil},
		{"mobile of another country", mobile("0912345678", "VN"), nil},
		{"mobile with its country code", mobile("+819012345678", "JP"), nil},
		{"mobile with another country's code", mobile("+819012345678", "VN"), []string{"/mobile account.mobile_invalid"}},
		{"mobile without area", mobile("090-1234-5678", ""), []string{"/mobileArea account.mobile_area_required"}},
		{"mobile of nowhere", mobile("090-1234-5678", "ZZ"), []string{"/mobile account.mobile_invalid"}},
		{"too short", mobile("09", "JP"), []string{"/mobile account.mobile_invalid"}},
		{"too long", mobile("090"+strings.Repeat("1", 40), "JP"), []string{"/mobile account.mobile_invalid"}},
		{"words", mobile("call me", "JP"), []string{"/mobile account.mobile_invalid"}},
		{"everything wrong", func(in *Signup) { *in = Signup{} }, []string{"/loginName account.login_invalid", "/password account.password_weak", "/email account.contact_required"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := good(tt.change).check()
			if tt.want == nil {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, errs.Invalid, errs.CodeOf(err))
			assert.Equal(t, tt.want, fields(err))
		})
	}
}

func TestCheckBringsIntoOneForm(t *testing.T) {
	in, err := good(func(in *Signup) { in.LoginName, in.Mobile, in.MobileArea = " Hanako ", "+81 90-1234-5678", "jp" }).check()
	require.NoError(t, err)
	assert.Equal(t, []string{"Hanako", "9012345678", "JP"}, []string{in.LoginName, in.Mobile, in.MobileArea})
	in, err = good(func(in *Signup) { in.MobileArea = "JP" }).check()
	require.NoError(t, err)
	assert.Empty(t, in.MobileArea, "an area without a number says nothing")
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{"hanako@example.com": "h***@example.com", "h@example.com": "h***@example.com", `"a@b"@example.com`: `"***@example.com`, "@example.com": "", "": ""} {
		assert.Equal(t, want, maskEmail(in), in)
	}
	for in, want := range map[string]string{"9012345678": "******5678", "12345": "*2345", "1234": "****", "": ""} {
		assert.Equal(t, want, maskMobile(in), in)
	}
}
