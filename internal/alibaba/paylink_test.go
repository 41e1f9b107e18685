package alibaba

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const cashier = "https://trade.1688.com/order/cashier.htm?orderId=1;2"

func TestPayLinks(t *testing.T) {
	full := PayLink{URL: cashier}
	part := PayLink{URL: cashier, Left: []ID{151923545459498520}}
	left := PayLink{Left: []ID{1, 2}}
	tests := []struct {
		name, body string
		want       *PayLink
		class      Class
	}{
		{"whole", `{"success":true,"payUrl":"` + cashier + `","errorCode":null,"erroMsg":null,"payFailureOrderList":[]}`, &full, OK},
		{"partial", `{"success":true,"payUrl":"` + cashier + `","payFailureOrderList":[151923545459498520]}`, &part, OK},
		{"success as text, other name", `{"success":"true","payUrl":"` + cashier + `","cantPayOrderList":["151923545459498520"]}`, &part, OK},
		{"under results", `{"results":{"success":true,"payUrl":"` + cashier + `"}}`, &full, OK},
		{"refused, orders named", `{"success":"false","payUrl":null,"errorCode":"E","errorMsg":"limit","cantPayOrderList":[1,2]}`, &left, Rejected},
		{"refused", `{"success":false,"errorCode":"E","erroMsg":"Batch pay : not surport MANUAL-TRADE!"}`, nil, Rejected},
		{"refused under results", `{"results":{"success":false,"payUrl":"` + cashier + `","errorCode":"E","errorInfo":"x"}}`, nil, Rejected},
		{"no link", `{"success":true}`, nil, Transient},
		{"nothing", `{}`, nil, Transient},
		{"array", `[]`, nil, Transient},
		{"an order that is none", `{"success":true,"payUrl":"` + cashier + `","payFailureOrderList":["x"]}`, nil, Transient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, g := setup(t)
			for api, call := range payLinkCalls(c) {
				g.answers(t, api, 200, tt.body)
				link, err := call(t.Context(), []ID{154051432607498520, 151923545459498520})
				require.Equal(t, tt.class, ClassOf(err), "%s: %v", api.name, err)
				if tt.want == nil {
					assert.Nil(t, link)
				} else {
					require.NotNil(t, link)
					assert.Equal(t, string(tt.want.URL), string(link.URL))
					assert.True(t, slices.Equal(tt.want.Left, link.Left), "%v", link.Left)
				}
				key := map[bool]string{true: "orderIds", false: "orderIdList"}[api == &apiGroupPayURL]
				assert.Equal(t, "[154051432607498520,151923545459498520]", g.last(t).Get(key))
			}
		})
	}
}

func payLinkCalls(c *Client) map[*endpoint]func(context.Context, []ID) (*PayLink, error) {
	return map[*endpoint]func(context.Context, []ID) (*PayLink, error){
		&apiAlipayURL: c.AlipayURL, &apiCrossBorderURL: c.CrossBorderPayURL, &apiCreditURL: c.CreditPayURL,
		&apiGroupPayURL: func(ctx context.Context, ids []ID) (*PayLink, error) { return c.GroupPayURL(ctx, ids, CashierPC) },
	}
}

func TestPayLinks_limits(t *testing.T) {
	c, g := setup(t)
	most := map[*endpoint]int{&apiAlipayURL: 100, &apiCrossBorderURL: 30, &apiCreditURL: 30}
	for api, call := range payLinkCalls(c) {
		g.answers(t, api, 200, `{"success":true,"payUrl":"`+cashier+`"}`)
		sent := g.count()
		_, err := call(t.Context(), nil)
		assert.Equal(t, Rejected, ClassOf(err))
		if n := most[api]; n > 0 {
			_, err = call(t.Context(), slices.Repeat([]ID{1}, n+1))
			assert.Equal(t, Rejected, ClassOf(err))
			assert.Equal(t, sent, g.count(), "%s: too many are not sent", api.name)
			_, err = call(t.Context(), slices.Repeat([]ID{1}, n))
			require.NoError(t, err)
		}
	}
}

// A cashier's address must not get out by being printed, logged or quoted.
func TestPayURL_hides(t *testing.T) {
	link := &PayLink{URL: cashier, Left: []ID{7}}
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(h).Info("x", "link", link, "value", *link, "url", link.URL)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		_, _ = fmt.Fprintf(&b, verb+verb, link, link.URL)
	}
	assert.NotContains(t, b.String(), "cashier")
	assert.Contains(t, b.String(), hiddenURL)

	c, g := setup(t)
	g.answers(t, &apiAlipayURL, 200, `{"success":false,"errorCode":"E","erroMsg":"see `+cashier+` now"}`)
	_, err := c.AlipayURL(t.Context(), []ID{1})
	assert.ErrorContains(t, err, "see (link) now")
}

func TestPayWays(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiPayWays, 200, string(golden(t, "pay_ways")))
	ways, err := c.PayWays(t.Context(), 239695213738498520)
	require.NoError(t, err)
	assert.Equal(t, &PayWays{OrderID: 239695213738498520, PayFeeFen: 32120, Until: Time{time.Date(2018, 11, 4, 6, 0, 45, 0, time.UTC)},
		Channels: []PayWay{{Code: PayWayAlipay, Name: "支付宝"}}}, ways)
	assert.Equal(t, "239695213738498520", g.last(t).Get("orderId"))

	for body, want := range map[string]Class{
		`{"success":"false","resultList":null,"errorCode":"500_2","errorMsg":"x"}`: Rejected, `{"success":"true","resultList":null}`: Transient, `[]`: Transient,
	} {
		c, g := setup(t)
		g.answers(t, &apiPayWays, 200, body)
		_, err := c.PayWays(t.Context(), 1)
		assert.Equal(t, want, ClassOf(err), body)
	}
}

func TestPayProtocols(t *testing.T) {
	both := []PayProtocol{{"SHEGOU", true}, {"ALIPAY", false}}
	for payload, want := range map[string][]PayProtocol{
		`[{"payChannel":"SHEGOU","signedStatus":true},{"payChannel":"ALIPAY","signedStatus":"false"}]`:                     both,
		`{"paymentAgreements":[{"payChannel":"SHEGOU","signedStatus":true},{"payChannel":"ALIPAY","signedStatus":false}]}`: both,
		`{"payChannel":"SHEGOU","signedStatus":true}`:                                                                      both[:1], `[]`: {}, `{"x":1}`: nil, `null`: nil, `true`: {},
	} {
		c, g := setup(t)
		g.answers(t, &apiPayProtocol, 200, `{"result":{"success":true,"code":"S0000","result":`+payload+`}}`)
		list, err := c.PayProtocols(t.Context())
		assert.Equal(t, want, list, payload)
		assert.Equal(t, want == nil, err != nil, payload)
	}
}
