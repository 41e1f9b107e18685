package site

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/money"
)

func TestEveryPackLoads(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	var codes []string
	for _, s := range r.All() {
		codes = append(codes, s.Code)
		assert.True(t, phonenumbers.GetSupportedRegions()[s.PhoneRegion], s.Code)
		rate, err := money.DefaultRates(time.Now()).Rate(s.Currency.Code)
		require.NoError(t, err, s.Code)
		_, err = rate.Convert(100, s.Currency)
		require.NoError(t, err, s.Code)
	}
	assert.Equal(t, []string{
		"hongkong", "indonesia", "japan", "korea", "malaysia", "philippines", "singapore", "taiwan", "thailand", "vietnam",
	}, codes)
}

func TestJapan(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	japan, ok := r.ByCode("japan")
	require.True(t, ok)
	zone, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	assert.Equal(t, &Site{
		Code: "japan", CountryName: "japan", Area: "JP", SearchLanguage: "ja", Language: "ja",
		Languages: []string{"ja", "en", "zh"}, Locale: "ja_JP", Currency: money.Currency{Code: "JPY", Exponent: 0, Step: 1},
		TimeZone: zone, BusinessLine: "jk", PhoneRegion: "JP", RegisterSite: "japan", Trigger: TriggerOnPaid,
	}, japan)
	assert.Equal(t, "Asia/Tokyo", japan.TimeZone.String())
}

func TestKeys(t *testing.T) {
	r, err := New(map[string]string{"demo-japan": "japan", "app.japan_2": "japan", "demo-korea": "korea"})
	require.NoError(t, err)
	japan, _ := r.ByCode("japan")
	for _, key := range []string{"demo-japan", "app.japan_2"} {
		s, ok := r.ByKey(key)
		require.True(t, ok)
		assert.Same(t, japan, s)
	}
	for _, key := range []string{"", "japan", "DEMO-JAPAN", "demo-japan ", "demo-thailand"} {
		_, ok := r.ByKey(key)
		assert.False(t, ok, "%q", key)
	}
	_, ok := r.ByCode("atlantis")
	assert.False(t, ok)
}

func TestNewReportsEveryBadKey(t *testing.T) {
	_, err := New(map[string]string{"a": "atlantis", "b c": "japan", "": "japan", strings.Repeat("k", 65): "japan"})
	require.Error(t, err)
	assert.Contains(t, err.Error(), `there is no site "atlantis"`)
	assert.Equal(t, 3, strings.Count(err.Error(), "want 1 to 64"))
}

const mexico = `
code: mexico
countryName: mexico
area: MX
searchLanguage: es
language: en
languages: [en, zh]
locale: es_MX
currency: MXN
roundingStep: 50
timeZone: America/Mexico_City
businessLine: la
phoneRegion: MX
registerSite: mexmall
trigger: manual
`

// withMexico is the embedded packs with one file added or replaced, and nothing else.
func withMexico(t *testing.T, text string) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{"packs/mexico.yaml": {Data: []byte(text)}}
	files, err := fs.Glob(packs, "packs/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		raw, err := packs.ReadFile(file)
		require.NoError(t, err)
		all[file] = &fstest.MapFile{Data: bytes.Clone(raw)}
	}
	return all
}

func TestANewCountryIsOneFile(t *testing.T) {
	before, err := New(nil)
	require.NoError(t, err)
	r, err := load(withMexico(t, mexico), map[string]string{"mx": "mexico"})
	require.NoError(t, err)
	assert.Len(t, r.All(), len(before.All())+1)
	s, ok := r.ByKey("mx")
	require.True(t, ok)
	assert.Equal(t, "mexmall", s.RegisterSite)
	assert.Equal(t, TriggerManual, s.Trigger)
	assert.Equal(t, money.Currency{Code: "MXN", Exponent: 2, Step: 50}, s.Currency, "a currency nobody prepared for")
	rate, err := money.NewRate("MXN", "2.55", time.Now(), "test")
	require.NoError(t, err)
	price, err := money.NewPrice(170, s.Currency, rate, s.Locale)
	require.NoError(t, err)
	assert.Equal(t, int64(450), price.Local.Amount)
}

func TestBrokenPacksAreRefused(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"unknown field", "trigger: manual", "tigger: manual", "tigger"},
		{"duplicate field", "area: MX", "area: MX\narea: JP", "already defined"},
		{"not YAML", "languages: [en, zh]", "languages: [en", "mexico.yaml"},
		{"code and file differ", "code: mexico", "code: mexiko", `the file name says "mexico"`},
		{"blank in code", "code: mexico", "code: new mexico", "file name"},
		{"country in capitals", "countryName: mexico", "countryName: Mexico", "countryName"},
		{"no country", "countryName: mexico", "", "countryName"},
		{"area in lower case", "area: MX", "area: mx", "area"},
		{"area nobody has", "area: MX", "area: XQ", "area"},
		{"locale of another country", "locale: es_MX", "locale: es_ES", "locale"},
		{"locale with hyphen", "locale: es_MX", "locale: es-MX", "locale"},
		{"search country instead of language", "searchLanguage: es", "searchLanguage: mexico", "searchLanguage"},
		{"currency", "currency: MXN", "currency: PESO", `currency "PESO"`},
		{"zero step", "roundingStep: 50", "roundingStep: 0", "roundingStep"},
		{"negative step", "roundingStep: 50", "roundingStep: -1", "roundingStep"},
		{"fractional step", "roundingStep: 50", "roundingStep: 0.5", "mexico.yaml"},
		{"time zone", "timeZone: America/Mexico_City", "timeZone: America/Atlantis", "timeZone"},
		{"machine's time zone", "timeZone: America/Mexico_City", "timeZone: Local", "timeZone"},
		{"no time zone", "timeZone: America/Mexico_City", "", "timeZone"},
		{"business line", "businessLine: la", "businessLine: latam", "businessLine"},
		{"phone region", "phoneRegion: MX", "phoneRegion: Mexico", "phoneRegion"},
		{"long register site", "registerSite: mexmall", "registerSite: abcdefghijklmnopq", "registerSite"},
		{"trigger", "trigger: manual", "trigger: never", "trigger"},
		{"default language not offered", "languages: [en, zh]", "languages: [zh]", "language"},
		{"language twice", "languages: [en, zh]", "languages: [en, zh, en]", "languages"},
		{"not a language", "languages: [en, zh]", "languages: [en, english-please]", "languages"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, mexico, tt.old)
			_, err := load(withMexico(t, strings.Replace(mexico, tt.old, tt.new, 1)), nil)
			require.ErrorContains(t, err, "packs/mexico.yaml")
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestEveryProblemIsReported(t *testing.T) {
	broken := strings.NewReplacer("currency: MXN", "currency: PESO", "area: MX", "area: mx", "trigger: manual", "trigger: no").Replace(mexico)
	_, err := load(withMexico(t, broken), map[string]string{"x": "atlantis"})
	for _, want := range []string{"currency", "area", "trigger", "atlantis"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestDefaults(t *testing.T) {
	short := strings.NewReplacer("roundingStep: 50\n", "", "registerSite: mexmall\n", "", "trigger: manual\n", "").Replace(mexico)
	r, err := load(withMexico(t, short), nil)
	require.NoError(t, err)
	s, ok := r.ByCode("mexico")
	require.True(t, ok)
	assert.Equal(t, "mexico", s.RegisterSite)
	assert.Equal(t, TriggerOnPaid, s.Trigger)
	assert.Equal(t, int64(1), s.Currency.Step)
}

func TestFeatures(t *testing.T) {
	r, err := load(withMexico(t, mexico+"without: [rankings, shops]\n"), nil)
	require.NoError(t, err)
	mx, _ := r.ByCode("mexico")
	assert.False(t, mx.Has(FeatureRankings))
	assert.False(t, mx.Has(FeatureShops))
	assert.True(t, mx.Has(FeatureRelated))
	japan, _ := r.ByCode("japan")
	for _, feature := range Features {
		assert.True(t, japan.Has(feature), "%s: all of them unless the pack says otherwise", feature)
	}
	for _, bad := range []string{"without: [search]\n", "without: [shops, shops]\n"} {
		_, err := load(withMexico(t, mexico+bad), nil)
		assert.ErrorContains(t, err, "without")
	}
}

func TestContext(t *testing.T) {
	_, ok := FromContext(t.Context())
	assert.False(t, ok)
	_, ok = FromContext(NewContext(t.Context(), nil))
	assert.False(t, ok, "a nil site is no site")
	want := &Site{Code: "japan"}
	got, ok := FromContext(NewContext(t.Context(), want))
	assert.True(t, ok)
	assert.Same(t, want, got)
}
