package search

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

func TestCategories(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		var top, root, second CategoryList
		w := e.get(200, "/v1/categories", &top)
		assert.Equal(t, e.lang, w.Header().Get("Content-Language"))
		e.get(200, "/v1/categories?parentId=0", &root)
		assert.Equal(t, top, root)
		require.NotEmpty(t, top.Items)
		for _, c := range top.Items {
			assert.Equal(t, 1, c.Level)
			assert.False(t, c.Leaf)
			assert.Nil(t, c.ParentId)
			assert.Contains(t, []string{e.lang, "en"}, c.Name.Lang)
			assert.NotEmpty(t, c.Name.Original)
		}
		var one, leaf Category
		e.get(200, "/v1/categories/"+top.Items[0].CategoryId, &one)
		assert.Equal(t, top.Items[0].Name, one.Name)
		e.get(200, "/v1/categories?parentId="+one.CategoryId, &second)
		assert.Equal(t, second.Items, *one.Children)
		require.NotEmpty(t, second.Items)
		assert.Equal(t, one.CategoryId, *second.Items[0].ParentId)
		e.get(200, "/v1/categories/"+second.Items[0].CategoryId, &one)
		e.get(200, "/v1/categories/"+(*one.Children)[0].CategoryId, &leaf)
		assert.True(t, leaf.Leaf, "text on the way")
		assert.Equal(t, 3, leaf.Level)
		assert.Equal(t, one.CategoryId, *leaf.ParentId)
		assert.Empty(t, *leaf.Children)
		for path, pointer := range map[string]string{"/v1/categories/77": "/path/categoryId", "/v1/categories?parentId=77": "/query/parentId", "/v1/categories/999999999999999999": "/path/categoryId"} {
			code, at := e.problem(404, "GET", path, "")
			assert.Equal(t, "CATEGORY_NOT_FOUND", code)
			assert.Equal(t, []string{pointer}, at)
		}
	})
}

func TestBlockedCategoriesVanish(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	var top, less CategoryList
	e.get(200, "/v1/categories", &top)
	e.block(blockCategory, top.Items[1].CategoryId, blockWord, fold(top.Items[0].Name.Original))
	e.get(200, "/v1/categories", &less)
	assert.Equal(t, top.Items[2:], less.Items)
	_, at := e.problem(451, "GET", "/v1/categories/"+top.Items[0].CategoryId, "")
	assert.Equal(t, []string{"/path/categoryId"}, at, "by its name")
	var below CategoryList
	e.as("key-kr", "ko").get(200, "/v1/categories?parentId="+top.Items[1].CategoryId, &below)
	e.problem(451, "GET", "/v1/categories/"+below.Items[0].CategoryId, "")
}

// inLanguages is a gateway that answers by the language it is asked in and counts.
func inLanguages(t *testing.T, answers map[string]string) (*fixture, *atomic.Int32) {
	calls := &atomic.Int32{}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer, ok := answers[r.FormValue("language")]
		if !ok {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(`{"success":true,"code":"S0000","result":` + answer + `}`))
	}))
	t.Cleanup(ts.Close)
	return withGateway(t, &clock{}, ts.URL), calls
}

func tree(root, a, b string) string {
	return `{"categoryId":0,"chineseName":"全部","translatedName":` + root + `,"leaf":"false","level":"0","parentCateId":"0","children":[
		{"categoryId":"7","chineseName":"家具","translatedName":` + a + `,"leaf":false,"level":"1","parentCateId":0},
		{"categoryId":8,"chineseName":"箱包","translatedName":` + b + `,"leaf":true,"level":1,"parentCateId":"0","children":null},null,{"categoryId":null}]}`
}

// A name falls back to English, then to Chinese; 1688 is asked again only when there is none in the language.
func TestCategoryNames(t *testing.T) {
	for name, tt := range map[string]struct {
		lang    string
		answers map[string]string
		calls   int
		want    []string // text lang source
	}{
		"translated":                   {"vi", map[string]string{"vi": tree(`"Tất cả"`, `"Nội thất"`, `"Túi"`)}, 1, []string{"Nội thất vi upstream", "Túi vi upstream"}},
		"missing":                      {"vi", map[string]string{"vi": tree(`"Tất cả"`, `null`, `"Túi"`), "en": tree(`"All"`, `"Furniture"`, `"Bags"`)}, 2, []string{"Furniture en upstream", "Túi vi upstream"}},
		"the Chinese again":            {"vi", map[string]string{"vi": tree(`"Tất cả"`, `"家具"`, `"Túi"`), "en": tree(`"All"`, `"Furniture"`, `"Bags"`)}, 2, []string{"Furniture en upstream", "Túi vi upstream"}},
		"a word Japanese shares":       {"ja", map[string]string{"ja": tree(`"すべて"`, `"家具"`, `"バッグ"`)}, 1, []string{"家具 ja upstream", "バッグ ja upstream"}},
		"nothing is Japanese":          {"ja", map[string]string{"ja": tree(`"全部"`, `"家具"`, `"箱包"`), "en": tree(`"All"`, `"Furniture"`, `""`)}, 2, []string{"Furniture en upstream", "箱包 zh none"}},
		"English fails":                {"vi", map[string]string{"vi": tree(`null`, `null`, `null`)}, 3, []string{"家具 zh none", "箱包 zh none"}}, // the client asks twice
		"English is missing":           {"en", map[string]string{"en": tree(`"All"`, `null`, `"箱包"`)}, 1, []string{"家具 zh none", "箱包 zh none"}},
		"Chinese":                      {"zh", map[string]string{"zh": tree(`"全部"`, `"家具"`, `null`)}, 1, []string{"家具 zh none", "箱包 zh none"}},
		"English is Chinese too":       {"vi", map[string]string{"vi": tree(`"Tất cả"`, `"家具"`, `"Túi"`), "en": tree(`"All"`, `"家具"`, `"Bags"`)}, 2, []string{"家具 zh none", "Túi vi upstream"}},
		"a brand is its own name ABC!": {"vi", map[string]string{"vi": strings.ReplaceAll(tree(`"Tất cả"`, `"USB"`, `"Túi"`), "家具", "USB")}, 1, []string{"USB vi upstream", "Túi vi upstream"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, calls := inLanguages(t, tt.answers)
			c, err := f.Categories(t.Context(), f.site, tt.lang, 0)
			list, err := decoded[CategoryList](t, c, err)
			require.NoError(t, err)
			var got []string
			for _, item := range list.Items {
				got = append(got, item.Name.Text+" "+item.Name.Lang+" "+string(*item.Name.Source))
			}
			assert.Equal(t, tt.want, got)
			assert.EqualValues(t, tt.calls, calls.Load())
		})
	}
}

func TestCategoryAnswersDrift(t *testing.T) {
	for answer, key := range map[string]string{
		`{"result":{"success":true,"code":"S0000","result":null}}`:                       "category.not_found",
		`{"result":{"success":true,"result":{"categoryId":6,"chineseName":"x"}}}`:        "category.not_found", // another one
		`{"result":{"success":false,"code":"CATEGORY_NOT_EXIST","message":"x"}}`:         "category.not_found",
		`{"result":{"success":false,"code":"PARAM_ERROR"}}`:                              "upstream.refused",
		`{"error_code":"gw.APIACLDecline","error_message":"AppKey is not allowed(acl)"}`: "upstream.unavailable",
		`<html>`: "upstream.unavailable",
		`{"result":{"success":true,"result":{"categoryId":"five"}}}`: "upstream.unavailable",
	} {
		f := recorded(t, []byte(answer))
		_, err := f.Category(t.Context(), f.site, "ja", 5)
		assert.True(t, errs.Is(err, key), "%s: %v", answer, err)
	}
	f := recorded(t, []byte(`{"success":"true","result":{"categoryId":"5","chineseName":"x","translatedName":"ex","leaf":true,"level":"2.0","parentCateId":null,"children":"none"}}`))
	c, err := f.Category(t.Context(), f.site, "ja", 5)
	one, err := decoded[Category](t, c, err)
	require.NoError(t, err)
	assert.Equal(t, Category{CategoryId: "5", Name: TextOf("ja", "x", "ex"), Level: 2, Leaf: true, Children: &[]Category{}}, one)
}
