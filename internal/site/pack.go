package site

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must load in images without a zone database

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"

	"entrepot/internal/money"
)

// packs holds one file for each country; a new country is one new file.
//
//go:embed packs/*.yaml
var packs embed.FS

// pack is a country file as written.
type pack struct {
	Code           string   `yaml:"code"`
	CountryName    string   `yaml:"countryName"`
	Area           string   `yaml:"area"`
	SearchLanguage string   `yaml:"searchLanguage"`
	Language       string   `yaml:"language"`
	Languages      []string `yaml:"languages"`
	Locale         string   `yaml:"locale"`
	Currency       string   `yaml:"currency"`
	RoundingStep   *int64   `yaml:"roundingStep"` // minor units; the currency's usual step when absent
	TimeZone       string   `yaml:"timeZone"`
	BusinessLine   string   `yaml:"businessLine"`
	PhoneRegion    string   `yaml:"phoneRegion"`
	RegisterSite   string   `yaml:"registerSite"` // the code when absent
	Trigger        string   `yaml:"trigger"`      // on_paid when absent
	Without        []string `yaml:"without"`      // optional features the site does not have; all when absent
	Buying         Buying   `yaml:"buying"`       // staff, ask, keep when absent
}

// loadPacks reads and checks every packs/<code>.yaml of fsys, and reports all problems of all files at once.
func loadPacks(fsys fs.FS) (map[string]*Site, error) {
	files, err := fs.Glob(fsys, "packs/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("site: list packs: %w", err)
	}
	sites := make(map[string]*Site, len(files))
	var problems []error
	for _, file := range files {
		s, err := loadPack(fsys, file)
		if err != nil {
			problems = append(problems, fmt.Errorf("site: %s: %w", file, err))
			continue
		}
		sites[s.Code] = s
	}
	return sites, errors.Join(problems...)
}

func loadPack(fsys fs.FS, file string) (*Site, error) {
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	var p pack
	if err := yaml.UnmarshalWithOptions(raw, &p, yaml.Strict()); err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); p.Code != want {
		return nil, fmt.Errorf("code is %q, the file name says %q", p.Code, want)
	}
	return p.site()
}

// site checks the pack and makes the Site; every problem is in the error.
func (p pack) site() (*Site, error) {
	var problems []error
	currency, ok := money.CurrencyOf(p.Currency)
	if !ok {
		problems = append(problems, fmt.Errorf("currency %q is not known", p.Currency))
	}
	if p.RoundingStep != nil {
		currency.Step = *p.RoundingStep
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil || !strings.Contains(p.TimeZone, "/") { // "" and "Local" load too, but depend on the machine
		problems = append(problems, fmt.Errorf("timeZone %q is not known", p.TimeZone))
	}
	s := &Site{
		Code: p.Code, CountryName: p.CountryName, Area: p.Area, SearchLanguage: p.SearchLanguage,
		Language: p.Language, Languages: p.Languages, Locale: p.Locale, Currency: currency, TimeZone: zone,
		BusinessLine: p.BusinessLine, PhoneRegion: p.PhoneRegion,
		RegisterSite: p.RegisterSite, Trigger: p.Trigger, Without: p.Without, Buying: p.Buying,
	}
	if s.RegisterSite == "" {
		s.RegisterSite = s.Code
	}
	if s.Trigger == "" {
		s.Trigger = TriggerOnPaid
	}
	return s, errors.Join(append(problems, s.check()...)...)
}

var (
	codeForm     = regexp.MustCompile(`^[a-z0-9]{2,32}$`) // stored in varchar(32)
	registerForm = regexp.MustCompile(`^[a-z0-9]{1,16}$`)
	countryForm  = regexp.MustCompile(`^[a-z]+( [a-z]+)*$`)
	areaForm     = regexp.MustCompile(`^[A-Z]{2}$`)
	searchForm   = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]{2})?$`)
	localeForm   = regexp.MustCompile(`^[a-z]{2,3}_([A-Z]{2})$`)
)

// businessLines are the region tags of 1688's account.business.save.
var businessLines = []string{"sea", "sa", "jk", "hmt", "me", "na", "la", "we", "ru", "af"}

// check lists what is wrong with the plain fields.
func (s *Site) check() (problems []error) {
	want := func(ok bool, field string, value any) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s %q is not valid", field, value))
		}
	}
	want(codeForm.MatchString(s.Code), "code", s.Code)
	want(countryForm.MatchString(s.CountryName), "countryName", s.CountryName)
	want(isRegion(s.Area), "area", s.Area)
	want(isRegion(s.PhoneRegion), "phoneRegion", s.PhoneRegion)
	want(searchForm.MatchString(s.SearchLanguage), "searchLanguage", s.SearchLanguage)
	locale := localeForm.FindStringSubmatch(s.Locale)
	want(locale != nil && locale[1] == s.Area, "locale", s.Locale)
	want(s.Currency.Step >= 1, "roundingStep", fmt.Sprint(s.Currency.Step))
	want(slices.Contains(businessLines, s.BusinessLine), "businessLine", s.BusinessLine)
	want(registerForm.MatchString(s.RegisterSite), "registerSite", s.RegisterSite)
	want(slices.Contains([]string{TriggerOnPaid, TriggerOnSubmit, TriggerManual}, s.Trigger), "trigger", s.Trigger)
	want(slices.Contains(s.Languages, s.Language), "language", s.Language)
	want(s.Buying.Valid(), "buying", fmt.Sprint(s.Buying))
	for i, name := range s.Without {
		want(slices.Contains(Features, name) && !slices.Contains(s.Without[:i], name), "without", name)
	}
	for i, name := range s.Languages {
		_, err := language.Parse(name)
		want(err == nil && !slices.Contains(s.Languages[:i], name), "languages", name)
	}
	return problems
}

func isRegion(code string) bool {
	if !areaForm.MatchString(code) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry()
}
