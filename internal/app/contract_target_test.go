package app_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the gateway's rule
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// contractTarget is a gateway the suite speaks to, and what it has found there for the placeholders of the fixtures.
type contractTarget struct {
	t                  *testing.T
	url                string // up to and with /openapi
	control            string // of a simulated 1688; empty = the real one, where nothing is arranged
	key, secret, token string
	pause              time.Duration // between calls
	known              map[string]string
}

// errNoData means that a real account has nothing of the kind a fixture needs.
var errNoData = errors.New("nothing of the kind on this account")

func (g *contractTarget) raw(api string, args map[string]string, noToken bool) (int, any, error) {
	if g.pause > 0 { // the live gateway has a limit, and nothing tells when it is over
		<-time.After(g.pause)
	}
	path := "param2/1/" + api + "/" + g.key
	form := url.Values{}
	for k, v := range args {
		form.Set(k, v)
	}
	if !noToken && g.token != "" {
		form.Set("access_token", g.token)
	}
	var parts []string
	for k := range form {
		parts = append(parts, k+form.Get(k))
	}
	slices.Sort(parts)
	mac := hmac.New(sha1.New, []byte(g.secret))
	_, _ = io.WriteString(mac, path+strings.Join(parts, ""))
	form.Set("_aop_signature", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	return g.send(http.MethodPost, g.url+"/"+path, "application/x-www-form-urlencoded; charset=UTF-8", form.Encode())
}

func (g *contractTarget) send(method, target, kind, body string) (int, any, error) {
	req, err := http.NewRequestWithContext(g.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, nil, err
	}
	return res.StatusCode, contractDecode(text), nil
}

// contractDecode reads an answer; what is not JSON stays text.
func contractDecode(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(text)
	}
	return v
}

// sandbox calls the control API.
func (g *contractTarget) sandbox(method, path string, body any) any {
	text, _ := json.Marshal(body)
	status, answer, err := g.send(method, g.control+path, "application/json", string(text))
	require.NoError(g.t, err)
	require.Equal(g.t, http.StatusOK, status, "%s %s: %v", method, path, answer)
	return answer
}

// contractAt walks an answer: "result.data.0.offerId". What is not there is nil.
func contractAt(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

func contractText(v any, path string) string {
	switch x := contractAt(v, path).(type) {
	case nil:
		return ""
	case string:
		return x
	default:
		return fmt.Sprint(x)
	}
}

var contractHole = regexp.MustCompile(`^#\{([^}]+)\}$|\$\{([^}]+)\}`)

// fill puts values in place of "#{name}" (a number) and "${name}" (inside a text).
func (g *contractTarget) fill(v any) (any, error) {
	switch x := v.(type) {
	case string:
		var bad error
		number := false
		out := contractHole.ReplaceAllStringFunc(x, func(m string) string {
			number = m[0] == '#'
			value, err := g.value(strings.Trim(m, "#${}"))
			if err != nil {
				bad = fmt.Errorf("%s: %w", m, err)
			}
			return value
		})
		if number && bad == nil {
			return json.Number(out), nil
		}
		return out, bad
	case []any:
		out := []any{}
		for _, e := range x {
			f, err := g.fill(e)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			f, err := g.fill(e)
			if err != nil {
				return nil, err
			}
			out[k] = f
		}
		return out, nil
	}
	return v, nil
}

// args are a fixture's arguments as form fields: texts as they are, the rest as compact JSON.
func (g *contractTarget) args(f *contractFixture) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range f.Args {
		filled, err := g.fill(v)
		if err != nil {
			return nil, err
		}
		if text, ok := filled.(string); ok {
			out[k] = text
			continue
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		require.NoError(g.t, e.Encode(filled))
		out[k] = strings.TrimSpace(b.String())
	}
	return out, nil
}

// value finds what a placeholder stands for, once.
func (g *contractTarget) value(name string) (string, error) {
	if v, ok := g.known[name]; ok {
		return v, nil
	}
	var err error
	subject, field, _ := strings.Cut(name, ".")
	switch {
	case strings.Contains(subject, " "):
		err = g.findOrder(subject)
	case slices.Contains([]string{"offer", "sku", "spec", "quantity", "sellerOpenId", "topCategory", "thirdCategory", "picture"}, name):
		err = g.findOffer()
	default:
		err = g.findOther(name)
	}
	if err != nil {
		return "", err
	}
	if v := g.known[name]; v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%w: %s has no %s", errNoData, subject, field)
}

func (g *contractTarget) findOther(name string) error {
	simple := map[string]struct {
		api, path string
		args      map[string]string
	}{
		"loginId":        {"com.alibaba.account/alibaba.account.basic", "result.loginId", nil},
		"subAccount":     {"com.alibaba.account/alibaba.subAccount.list", "subAccountList.0.loginId", nil},
		"sellerLoginId":  {"com.alibaba.trade/alibaba.trade.getBuyerOrderList", "result.0.baseInfo.sellerLoginId", map[string]string{"page": "1", "pageSize": "1"}},
		"mainLoginId":    {"com.alibaba.account/alibaba.subAccount.list", "mainLoginId", nil},
		"sellerMemberId": {"com.alibaba.trade/alibaba.trade.getBuyerOrderList", "result.0.baseInfo.sellerID", map[string]string{"page": "1", "pageSize": "1"}},
		"failedMessage":  {"cn.alibaba.open/push.query.messageList", "pushMessagePage.datas.0.msgId", map[string]string{"page": "1", "pageSize": "20"}},
		"openUid":        {"com.alibaba.account/loginid.openuid.encrypt", "openUid", nil},
		"image":          {"com.alibaba.fenxiao.crossborder/product.image.upload", "result.result", nil},
	}
	if name == "now" {
		g.known[name] = strconv.FormatInt(time.Now().UnixMilli(), 10)
		return nil
	}
	ask, ok := simple[name]
	require.True(g.t, ok, "a fixture asks for %q", name)
	switch name {
	case "openUid":
		login, err := g.value("loginId")
		if err != nil {
			return err
		}
		ask.args = map[string]string{"loginId": login, "_aop_timestamp": "1767225600000"}
	case "image":
		picture, err := g.value("picture")
		if err != nil {
			return err
		}
		ask.args = map[string]string{"uploadImageParam": `{"imageBase64":"` + picture + `"}`}
	case "sellerMemberId", "sellerLoginId":
		if _, err := g.value("shipped view"); err != nil {
			return err
		}
	}
	_, answer, err := g.raw(ask.api, ask.args, false)
	g.known[name] = contractText(answer, ask.path)
	return err
}

// findOffer looks for an ordinary offer: on sale, with SKUs in stock, no lots, orderable through the API.
func (g *contractTarget) findOffer() error {
	const ns = "com.alibaba.fenxiao.crossborder/"
	_, hits, err := g.raw(ns+"product.search.keywordQuery", map[string]string{"offerQueryParam": `{"keyword":"手机壳","beginPage":1,"pageSize":20,"country":"en"}`}, false)
	if err != nil {
		return err
	}
	list, _ := contractAt(hits, "result.result.data").([]any)
	for _, h := range list {
		id := contractText(h, "offerId")
		_, d, err := g.raw(ns+"product.search.queryProductDetail", map[string]string{"offerDetailParam": `{"offerId":` + id + `,"country":"en"}`}, false)
		if err != nil {
			return err
		}
		p := contractAt(d, "result.result")
		stock, _ := strconv.Atoi(contractText(p, "productSkuInfos.0.amountOnSale"))
		if stock < 200 || contractText(p, "status") != "published" || contractAt(p, "batchNumber") != nil || !g.tradable(p) {
			continue
		}
		least, _ := strconv.Atoi(contractText(p, "minOrderQuantity"))
		for name, v := range map[string]string{
			"offer": id, "sku": contractText(p, "productSkuInfos.0.skuId"), "spec": contractText(p, "productSkuInfos.0.specId"), "quantity": strconv.Itoa(max(least, 2)),
			"sellerOpenId": contractText(p, "sellerOpenId"), "topCategory": contractText(p, "topCategoryId"), "thirdCategory": contractText(p, "thirdCategoryId"),
		} {
			g.known[name] = v
		}
		return g.fetchPicture(contractText(p, "productImage.images.0"))
	}
	return fmt.Errorf("%w: no ordinary offer among %d hits", errNoData, len(list))
}

// tradable asks the preview; the real platform is not bothered with it.
func (g *contractTarget) tradable(p any) bool {
	if g.control == "" {
		return true
	}
	cargo := fmt.Sprintf(`[{"offerId":%s,"specId":%q,"quantity":50}]`, contractText(p, "offerId"), contractText(p, "productSkuInfos.0.specId"))
	_, v, err := g.raw("com.alibaba.trade/alibaba.createOrder.preview", map[string]string{"flow": "general", "addressParam": contractAddress, "cargoParamList": cargo}, false)
	return err == nil && contractAt(v, "success") == true && contractText(v, "orderPreviewResuslt.0.tradeModeNameList.0") != ""
}

func (g *contractTarget) fetchPicture(address string) error {
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	picture, err := io.ReadAll(res.Body)
	g.known["picture"] = base64.StdEncoding.EncodeToString(picture)
	return err
}
