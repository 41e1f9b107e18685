package alibaba

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

const testSecret = "test123"

// V1 is printed on the official signature page; the others were computed with two public SDKs.
func TestSign_vectors(t *testing.T) {
	tests := []struct {
		name, path, want string
		params           []param
	}{
		{"V1 official", "param2/1/system/currentTime/1000000", "33E54F4F7B989E3E0E912D3FBD2F1A03CA7CCE88", []param{{"b", "2"}, {"a", "1"}}},
		{"V2 chinese and JSON", "param2/1/com.alibaba.fenxiao.crossborder/product.search.keywordQuery/1000000", "6464B871E7F39C3C0E11C8C3B235024912445080", []param{
			{"access_token", "f14da3b8-b0b1-4f73-a5de-9bed637e0188"}, {"_aop_timestamp", "1767225600000"},
			{"offerQueryParam", `{"keyword":"饼干","beginPage":1,"pageSize":20,"country":"ja","sort":"{\"price\":\"asc\"}"}`}}},
		{"V3 raw values", "param2/1/com.alibaba.trade/alibaba.trade.cancel/1000000", "1E57C5F89795B8B691AABF1B8BD88C3EBA4707A7", []param{
			{"webSite", "1688"}, {"tradeID", "58218860983545941"}, {"cancelReason", "buyerCancel"}, {"remark", "a b+c&d=e"}, {"access_token", "token-1"}}},
		{"V4 joined strings are sorted, not keys", "param2/1/system/currentTime/1000000", "34045015B95AE0151DC851B854C7355CF50F160D", []param{{"a", "bc"}, {"ab", "a"}}},
		{"V5 array", "param2/1/com.alibaba.trade/alibaba.alipay.url.get/1000000", "5957D42BF840BE045E201B74B0A0AF0D7686616F", []param{
			{"orderIdList", "[154051432607498520,151923545459498520]"}, {"access_token", "token-1"}}},
		{"P1 push", "", "D64BEFDC2788709B413F98B18B44180F9E60297E", []param{{"message", string(golden(t, "message_order_pay"))}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, sign(testSecret, tt.path, tt.params))
			rand.Shuffle(len(tt.params), func(i, j int) { tt.params[i], tt.params[j] = tt.params[j], tt.params[i] })
			signed := append(tt.params, param{signatureField, "ignored"})
			assert.Equal(t, tt.want, sign(testSecret, tt.path, signed), "neither order nor the signature itself counts")
		})
	}
}
