package search

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/auth"
	"entrepot/internal/database"
)

const filterAPI = "product.filterData.queryConfig"

// filterDesk is a desk in front of a gateway that answers everything alike; the questions about filters are counted.
func filterDesk(t *testing.T, answer func(w http.ResponseWriter)) (*desk, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, filterAPI) {
			asked.Add(1)
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		answer(w)
	}))
	t.Cleanup(ts.Close)
	f := withGateway(t, &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, ts.URL)
	return openDesk(t, f, database.OpenTest(t)), &asked
}

func says(body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = w.Write([]byte(body)) }
}

func unsupported(w http.ResponseWriter) {
	w.WriteHeader(400)
	_, _ = w.Write([]byte(`{"error_code":"gw.APIUnsupported","error_message":"Unsupported API"}`))
}

func (d *desk) filters(head ...string) (f Filters, r reply) {
	d.t.Helper()
	r = d.shop("/v1/filters", head...).is(d.t, 200).into(d.t, &f)
	return f, r
}

// flat lists a configuration as "group/item/choice" keys and names.
func (f Filters) flat() (keys, names []string) {
	for _, g := range f.Groups {
		names = append(names, g.Name.Text)
		for _, it := range g.Items {
			names = append(names, it.Name.Text)
			if it.ChoiceKey != nil {
				keys = append(keys, string(it.Type)+" "+*it.ChoiceKey)
			}
			if it.Choices != nil {
				for _, c := range *it.Choices {
					keys, names = append(keys, "choice "+c.ChoiceKey), append(names, c.Name.Text)
				}
			}
		}
	}
	return keys, names
}

// The built-in configuration has every key of the seed in its order, in each language, in words of ours.
func TestBuiltInFiltersAreTheSeeds(t *testing.T) {
	d, asked := filterDesk(t, unsupported)
	f, _ := d.filters()
	keys, _ := f.flat()
	assert.Equal(t, []string{
		"toggle certifiedFactory", "choice totalEpScoreLv1", "choice totalEpScoreLv2", "choice totalEpScoreLv3", "choice totalEpScoreLv4",
		"choice getRate24HLv3", "choice getRate24HLv2", "choice getRate24HLv1", "choice getRate48HLv3", "choice getRate48HLv2", "choice getRate48HLv1",
		"toggle freeCredit", "toggle shipInToday", "toggle shipIn24Hours", "toggle shipIn48Hours", "toggle noReason7DReturn", "toggle isOnePsale",
		"toggle isOnePsaleFreePost", "toggle dyCiphertext", "toggle ksCiphertext", "sort onePPrice", "sort rePurchaseRate", "sort monthSoldOut",
	}, keys)
	assert.Equal(t, FiltersSourceBuiltIn, f.Source)
	assert.Len(t, f.Groups, 3)
	assert.Equal(t, FilterGroupTypeSort, f.Groups[2].Type)
	raw := regexp.MustCompile(`^filter\.`)
	all := map[string]bool{}
	for _, lang := range d.bundle.Languages() {
		d.bundle.OnFallback = func(lang, key string) { t.Errorf("%s in %s", key, lang) }
		f, r := d.filters("Accept-Language", lang)
		_, names := f.flat()
		for _, n := range names {
			assert.NotRegexp(t, raw, n, lang)
		}
		assert.Equal(t, lang, r.header.Get("Content-Language"))
		all[strings.Join(names, "|")] = true
		for _, k := range later {
			assert.NotEqual(t, keyNames[k], d.label(lang, keyNames[k]).Text)
		}
		_ = d.label(lang, itemNames["qrr1"])
	}
	assert.Len(t, all, 7)
	assert.EqualValues(t, 7, asked.Load(), "once for each language; that there is none is remembered")
}

func TestFiltersHaveAnETag(t *testing.T) {
	d, _ := filterDesk(t, unsupported)
	_, r := d.filters()
	tag := r.header.Get("ETag")
	require.NotEmpty(t, tag)
	again := d.shop("/v1/filters", "If-None-Match", tag)
	assert.Equal(t, 304, again.status)
	assert.Empty(t, again.body)
	d.call("GET", "/v1/filters", "").is(t, 401, "SITE_KEY_REQUIRED")
}

// Whatever goes wrong upstream, shoppers have filters.
func TestFiltersWhileUpstreamFails(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"no permission": says(`{"error_code":"gw.APIACLDecline","error_message":"no"}`),
		"broken":        says(`<html>`), "empty": says(``), "null": says(`null`), "a list of nothing": says(`[null, 1, "x", {}]`),
		"refused":   says(`{"success":false,"code":"PARAM_ERROR","message":"m","data":null,"result":false}`),
		"drifted":   says(`[{"configName":5,"configType":null,"configList":[{"choiceKey":{},"filterName":[],"type":0},{"type":"1","valueList":7}]}]`),
		"hostile":   says(`[{"configList":[{"choiceKey":"a,b","type":"0"},{"choiceKey":"<script>","type":"0"},{"choiceKey":"JPFL","type":"0"},{"choiceKey":"fancy","type":"2"}]}]`),
		"a failure": func(w http.ResponseWriter) { w.WriteHeader(500) },
	} {
		t.Run(name, func(t *testing.T) {
			d, asked := filterDesk(t, answer)
			f, _ := d.filters()
			assert.Equal(t, FiltersSourceBuiltIn, f.Source)
			before := asked.Load()
			d.filters()
			assert.Equal(t, before, asked.Load(), "remembered")
		})
	}
}

func TestUpstreamFiltersWin(t *testing.T) {
	const list = `[{"configName":"服务质量","configType":"filter","configList":[{"choiceKey":"certifiedFactory","filterName":"认证工厂","type":"0"},
		{"choiceKey":"brandNew9","filterName":"全新筛选","type":0},{"filterName":"品退率","type":"1","valueList":[{"choiceKey":"qrr0","choiceName":"零品退"}]}]},
		{"configName":"排序","configType":"sort","configList":[{"choiceKey":"onePPrice","filterName":"价格","type":"2"},{"choiceKey":"beauty","filterName":"颜值","type":"2"}]}]`
	for name, body := range map[string]string{
		"bare": list, "result.result": `{"result":{"success":true,"code":"200","result":` + list + `}}`, "data": `{"success":true,"data":` + list + `}`,
		"result alone": `{"result":{"result":` + list + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := filterDesk(t, says(body))
			d.shop("/v1/search?keyword=x&filter=brandNew9").is(t, 400, "REQUEST_INVALID", "/query/filter")
			f, _ := d.filters()
			keys, names := f.flat()
			assert.Equal(t, FiltersSourceUpstream, f.Source)
			assert.Equal(t, []string{"toggle certifiedFactory", "toggle brandNew9", "choice qrr0", "sort onePPrice"}, keys, "a sort key search cannot take is left out")
			assert.Equal(t, "サービス品質", names[0])
			assert.Equal(t, "認証工場", names[1])
			assert.Equal(t, Text{Text: "全新筛选", Lang: "zh", Original: "全新筛选", OriginalLang: "zh", Source: ptr(TextSourceNone)}, f.Groups[0].Items[1].Name)
			assert.Equal(t, "认证工厂", f.Groups[0].Items[0].Name.Original)
			zh, _ := d.filters("Accept-Language", "zh")
			_, names = zh.flat()
			assert.Equal(t, []string{"服务质量", "认证工厂", "全新筛选", "品退率", "零品退", "排序", "价格"}, names, "1688's own words where they are in the language")
			assert.NotEqual(t, 400, d.shop("/v1/search?keyword=x&filter=brandNew9").status, "what is offered is taken")
			d.shop("/v1/search?keyword=x&filter=brandNew8").is(t, 400, "REQUEST_INVALID", "/query/filter")
		})
	}
}

// The simulated 1688 of the national-site edition serves the seed's list; once away, its last answer stands in.
func TestFiltersOfTheSandbox(t *testing.T) {
	d := newDesk(t)
	f, _ := d.filters()
	keys, _ := f.flat()
	assert.Len(t, keys, 23)
	assert.Equal(t, "認証工場", f.Groups[0].Items[0].Name.Text)
	d.fault(filterAPI, "http_500")
	d.clock.advance(2 * time.Hour)
	again, _ := d.filters()
	assert.Equal(t, f.Groups, again.Groups)
}

const ownConfig = `{"reason":"summer","groups":[{"name":{"en":"Delivery","ja":"配送"},"type":"filter","items":[
	{"name":{"en":"Line to Japan","ja":"日本向け"},"type":"toggle","choiceKey":"JPFL"},
	{"name":{"en":"Speed"},"type":"choice","choices":[{"choiceKey":"shipInToday","name":{"en":"Today"}},{"choiceKey":"new14","name":{"en":"Two weeks"}}]}]},
	{"name":{"en":"Order"},"type":"sort","items":[{"name":{"en":"Price"},"type":"sort","choiceKey":"price"}]}]}`

const filterPath = "/admin/v1/filters/japan"

func (d *desk) adminFilters() (v FilterVersions, etag string) {
	d.t.Helper()
	r := d.as(auth.Support, "GET", filterPath, "", "Accept-Language", "ja").is(d.t, 200).into(d.t, &v)
	return v, r.header.Get("ETag")
}

func (d *desk) publish(body, etag string) reply {
	d.t.Helper()
	return d.as(auth.Ops, "PUT", filterPath, body, "If-Match", etag)
}

func TestASitesOwnFilters(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		other := d.process()
		watched(t, other)
		d.shop("/v1/search?keyword=x&filter=JPFL").is(t, 400, "REQUEST_INVALID", "/query/filter")
		v, none := d.adminFilters()
		assert.Zero(t, v.Version)
		assert.NotEmpty(t, v.Preview.Groups, "what shoppers see now")

		first := d.publish(ownConfig, none).is(t, 200).into(t, &v).header.Get("ETag")
		assert.NotEqual(t, none, first)
		assert.Equal(t, 1, v.Version)
		f, _ := d.filters()
		assert.Equal(t, FiltersSourceSite, f.Source)
		assert.Equal(t, 1, f.Version)
		keys, names := f.flat()
		assert.Equal(t, []string{"toggle JPFL", "choice shipInToday", "choice new14", "sort price"}, keys)
		assert.Equal(t, []string{"配送", "日本向け", "Speed", "Today", "Two weeks", "Order", "Price"}, names)
		assert.Equal(t, "en", f.Groups[0].Items[1].Name.Lang)
		d.shop("/v1/search?keyword=x&filter=JPFL,new14,shipInToday").is(t, 200)
		d.shop("/v1/search?keyword=x&filter=KRFL").is(t, 400, "REQUEST_INVALID", "/query/filter")
		d.call("GET", "/v1/search?keyword=x&filter=JPFL", "", "X-Site-Key", "key-kr").is(t, 400, "REQUEST_INVALID", "/query/filter")
		require.Eventually(t, func() bool { return other.of(d.site).filters != nil }, soon, often, "the other process")

		same := d.publish(ownConfig, first).is(t, 200).into(t, &v)
		assert.Equal(t, first, same.header.Get("ETag"), "the same content again is no new version")
		second := d.publish(strings.Replace(ownConfig, "配送", "お届け", 1), first).is(t, 200).into(t, &v).header.Get("ETag")
		assert.Equal(t, 2, v.Version)
		d.publish(ownConfig, first).is(t, 412, "FILTER_OUTDATED", "/header/If-Match")

		back := d.as(auth.Ops, "POST", filterPath+"/rollback", `{"version":1,"reason":"it was better"}`, "If-Match", second).is(t, 200).into(t, &v)
		assert.Equal(t, 1, v.Version)
		assert.Len(t, v.Versions, 2)
		assert.Equal(t, 2, v.Versions[0].Version, "newest first")
		f, _ = d.filters()
		_, names = f.flat()
		assert.Equal(t, "配送", names[0])
		d.publish(ownConfig, first).is(t, 412, "FILTER_OUTDATED") // version 1 again, but not that state
		off := d.as(auth.Admin, "POST", filterPath+"/rollback", `{"version":0,"reason":"none"}`, "If-Match", back.header.Get("ETag")).is(t, 200)
		f, _ = d.filters()
		assert.NotEqual(t, FiltersSourceSite, f.Source)
		d.as(auth.Ops, "POST", filterPath+"/rollback", `{"version":9,"reason":"r"}`, "If-Match", off.header.Get("ETag")).is(t, 422, "FILTER_VERSION_UNKNOWN", "/version")

		var actions []string
		for _, a := range d.audit() {
			actions = append(actions, a.Action+" "+a.Reason)
			assert.NotEmpty(t, a.BeforeJSON)
			assert.NotEmpty(t, a.AfterJSON)
			assert.Equal(t, "japan", a.Site)
		}
		assert.Equal(t, []string{"filters.published summer", "filters.published summer", "filters.rolled_back it was better", "filters.rolled_back none"}, actions)
	})
}

// Twenty at once: one wins, the others are told; the numbers have no hole and nothing is lost.
func TestParallelPublications(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		for round := 1; round <= 3; round++ {
			_, etag := d.adminFilters()
			d.as(auth.Ops, "GET", filterPath, "").is(t, 200)
			answers := make([]reply, 20)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() {
					answers[i] = d.publish(strings.Replace(ownConfig, `"Speed"`, fmt.Sprintf(`"Speed %d %d"`, round, i), 1), etag)
				})
			}
			wg.Wait()
			won := 0
			for _, a := range answers {
				if a.status == 200 {
					won++
				} else {
					a.is(t, 412, "FILTER_OUTDATED")
				}
			}
			assert.Equal(t, 1, won)
			v, _ := d.adminFilters()
			assert.Equal(t, round, v.Version)
			assert.Len(t, v.Versions, round)
			assert.Len(t, d.audit(), round)
		}
	})
}

func TestConfigurationsThatAreNone(t *testing.T) {
	d := newDesk(t)
	_, etag := d.adminFilters()
	name := `{"en":"N"}`
	toggle := func(key string) string { return `{"name":` + name + `,"type":"toggle","choiceKey":"` + key + `"}` }
	group := func(items string) string { return `{"name":` + name + `,"type":"filter","items":[` + items + `]}` }
	body := func(groups string) string { return `{"reason":"r","groups":[` + groups + `]}` }
	for _, tt := range []struct {
		body     string
		pointers []string
	}{
		{body(group(toggle("a") + "," + toggle("a"))), []string{"/groups/0/items/1/choiceKey"}},
		{body(group(toggle("a")) + "," + group(toggle("a"))), []string{"/groups/1/items/0/choiceKey"}},
		{body(group(`{"name":` + name + `,"type":"choice"}`)), []string{"/groups/0/items/0/choices"}},
		{body(group(`{"name":` + name + `,"type":"choice","choices":[]}`)), []string{"/groups/0/items/0/choices"}},
		{body(group(`{"name":` + name + `,"type":"choice","choiceKey":"x","choices":[{"choiceKey":"y","name":{}}]}`)),
			[]string{"/groups/0/items/0/choiceKey", "/groups/0/items/0/choices/0/name/en"}},
		{body(group(`{"name":` + name + `,"type":"toggle","choiceKey":"a","choices":[]}`)), []string{"/groups/0/items/0/choices"}},
		{body(group(`{"name":` + name + `,"type":"toggle"}`)), []string{"/groups/0/items/0/choiceKey"}},
		{body(group(`{"name":` + name + `,"type":"sort","choiceKey":"price"}`)), []string{"/groups/0/items/0/type"}},
		{body(`{"name":` + name + `,"type":"sort","items":[` + toggle("a") + `]}`), []string{"/groups/0/items/0/type"}},
		{body(`{"name":` + name + `,"type":"sort","items":[{"name":` + name + `,"type":"sort","choiceKey":"beauty"}]}`), []string{"/groups/0/items/0/choiceKey"}},
		{body(`{"name":` + name + `,"type":"sort","items":[{"name":` + name + `,"type":"sort","choiceKey":"price"},{"name":` + name + `,"type":"sort","choiceKey":"onePPrice"}]}`),
			[]string{"/groups/0/items/1/choiceKey"}},
		{body(strings.Replace(group(toggle("a")), `{"en":"N"}`, `{"ja":"N","xx/y":"q"}`, 1)), []string{"/groups/0/name/en", "/groups/0/name/xx~1y"}},
		{body(strings.Replace(group(toggle("a")), `{"en":"N"}`, `{"en":"N","ja":" "}`, 1)), []string{"/groups/0/name/ja"}},
		{body(strings.Replace(group(toggle("a")), `{"en":"N"}`, `{"en":"N\u0000"}`, 1)), []string{"/groups/0/name/en"}},
		{body(group(toggle("a b"))), []string{"/groups/0/items/0/choiceKey"}},
		{body(""), []string{"/groups"}},
		{`{"reason":" ","groups":[` + group(toggle("a")) + `]}`, []string{"/reason"}},
	} {
		d.publish(tt.body, etag).is(t, 400, append([]string{"REQUEST_INVALID"}, tt.pointers...)...)
	}
	good := body(group(toggle("a")))
	d.as(auth.Ops, "PUT", filterPath, good).is(t, 428, "FILTER_IF_MATCH_REQUIRED", "/header/If-Match")
	d.publish(good, "nonsense").is(t, 400, "REQUEST_INVALID", "/header/If-Match")
	d.publish(good, `"7.7"`).is(t, 412, "FILTER_OUTDATED", "/header/If-Match")
	d.as(auth.Ops, "POST", filterPath+"/rollback", `{"version":0,"reason":"r"}`).is(t, 428)
	d.as(auth.Ops, "POST", filterPath+"/rollback", `{"version":-1,"reason":"r"}`, "If-Match", etag).is(t, 400, "REQUEST_INVALID", "/version")
	d.as(auth.Ops, "PUT", "/admin/v1/filters/atlantis", good, "If-Match", etag).is(t, 404, "SITE_UNKNOWN", "/path/site")
	d.as(auth.Ops, "GET", "/admin/v1/filters/atlantis", "").is(t, 404, "SITE_UNKNOWN", "/path/site")
	assert.Zero(t, d.count("filter_versions"))
	assert.Empty(t, d.audit())
	d.publish(good, `"x", W/`+etag).is(t, 200)
	d.publish(body(group(toggle("b"))), "*").is(t, 200)
}

func TestWhoMayPublishFilters(t *testing.T) {
	d := newDesk(t)
	for _, role := range auth.Roles {
		want := 403
		if role == auth.Ops || role == auth.Admin {
			want = 200
		}
		d.as(role, "PUT", filterPath, ownConfig, "If-Match", "*").is(t, want)
		d.as(role, "POST", filterPath+"/rollback", `{"version":0,"reason":"r"}`, "If-Match", "*").is(t, want)
		d.as(role, "GET", filterPath, "").is(t, 200)
	}
}

func TestStoredGroupsComeBackAsPublished(t *testing.T) {
	var in FilterPublication
	require.NoError(t, json.Unmarshal([]byte(ownConfig), &in))
	b, err := json.Marshal(in.Groups)
	require.NoError(t, err)
	out, err := filterRow{GroupsJSON: string(b)}.groups()
	require.NoError(t, err)
	assert.Equal(t, in.Groups, out)
	_, err = filterRow{GroupsJSON: "{"}.groups()
	require.Error(t, err)
}
