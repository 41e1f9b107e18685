package alibaba

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pushSignature = "D64BEFDC2788709B413F98B18B44180F9E60297E"

func TestVerifyMessage(t *testing.T) {
	form := func(change func(url.Values)) url.Values {
		v := url.Values{"message": {string(golden(t, "message_order_pay"))}, signatureField: {pushSignature}}
		if change != nil {
			change(v)
		}
		return v
	}
	tests := []struct {
		name    string
		values  url.Values
		secrets []string
		want    bool
	}{
		{"vector P1", form(nil), []string{testSecret}, true},
		{"lower case", form(func(v url.Values) { v.Set(signatureField, strings.ToLower(pushSignature)) }), []string{testSecret}, true},
		{"rotation, old second", form(nil), []string{"new", testSecret}, true},
		{"wrong secret", form(nil), []string{"test124"}, false},
		{"no secret", form(nil), nil, false},
		{"empty secret", form(nil), []string{""}, false},
		{"changed message", form(func(v url.Values) { v.Set("message", v.Get("message")+" ") }), []string{testSecret}, false},
		{"added parameter", form(func(v url.Values) { v.Set("x", "1") }), []string{testSecret}, false},
		{"no signature", form(func(v url.Values) { v.Del(signatureField) }), []string{testSecret}, false},
		{"two signatures", form(func(v url.Values) { v.Add(signatureField, pushSignature) }), []string{testSecret}, false},
		{"not hex", form(func(v url.Values) { v.Set(signatureField, "zz") }), []string{testSecret}, false},
		{"short", form(func(v url.Values) { v.Set(signatureField, pushSignature[:8]) }), []string{testSecret}, false},
		{"nothing", url.Values{}, []string{testSecret}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, VerifyMessage(tt.values, tt.secrets...)) })
	}
}

func TestParseMessage_sample(t *testing.T) {
	raw := golden(t, "message_order_pay")
	asText := strings.Replace(string(raw), string(data(t, raw)), strconv.Quote(string(data(t, raw))), 1)
	asText = strings.Replace(asText, `"msgId":7565094247`, `"msgId":"7565094247"`, 1)
	asText = strings.Replace(asText, `"gmtBorn":1586227869437`, `"gmtBorn":"1586227869437"`, 1)
	require.NotEqual(t, string(raw), asText)
	for name, in := range map[string]string{"data as object": string(raw), "data and numbers as text": asText} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMessage([]byte(in))
			require.NoError(t, err)
			assert.Equal(t, "7565094247", m.MsgID)
			assert.Equal(t, TopicOrderPaid, m.Topic)
			assert.Equal(t, time.UnixMilli(1586227869437).UTC(), m.BornAt)
			assert.Equal(t, "167539019420540000", m.BizKey)
			assert.Equal(t, "b2b-665170100", m.UserInfo)
			assert.JSONEq(t, string(data(t, raw)), string(m.Data))
			assert.True(t, m.Known())
			body, err := m.Body()
			require.NoError(t, err)
			order := body.(*OrderBody)
			assert.Equal(t, ID(167539019420540000), order.OrderID)
			assert.Equal(t, Text("waitsellersend"), order.CurrentStatus)
			assert.Equal(t, time.Date(2018, 5, 30, 11, 34, 27, 0, time.UTC), order.SentAt.Time)
			assert.Equal(t, []ID{167539019420540000}, m.OrderIDs())
			assert.Empty(t, m.OfferIDs())
		})
	}
}

func data(t *testing.T, message []byte) json.RawMessage {
	t.Helper()
	var m struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal(message, &m))
	return m.Data
}

func TestParseMessage_refuses(t *testing.T) {
	for _, in := range []string{``, `null`, `[]`, `"x"`, `{`, `{}`, `{"msgId":1}`, `{"type":"X"}`, `{"msgId":1,"type":"X"`} {
		_, err := ParseMessage([]byte(in))
		assert.Error(t, err, in)
	}
}

func TestMessage_bodies(t *testing.T) {
	day := time.Date(2026, 1, 2, 2, 0, 0, 0, time.UTC)
	tests := []struct {
		topic, data string
		want        any
		orders      []ID
		offers      []ID
	}{
		{TopicRefundInSales, `{"orderId":"1234567890123456789","currentStatus":"refundsuccess","refundAction":"SYSTEM_AGREE_REFUND_PROTOCOL","operator":"system","refundId":"TQ1"}`,
			&RefundBody{OrderBody: OrderBody{OrderID: 1234567890123456789, CurrentStatus: "refundsuccess"}, RefundAction: "SYSTEM_AGREE_REFUND_PROTOCOL", Operator: "system", RefundID: "TQ1"},
			[]ID{1234567890123456789}, nil},
		{TopicOrderBatchPay, `{"batchPay":[{"orderId":"11","status":"successed"},{"orderId":12,"status":"ACCOUNT_FROZEN"}]}`,
			&BatchPayBody{Orders: OneOrMany[BatchPayOrder]{{11, "successed"}, {12, "ACCOUNT_FROZEN"}}}, []ID{11, 12}, nil},
		{TopicLogisticsTrace, `{"OrderLogisticsTracingModel":{"logisticsId":"LP1","cpCode":"ZTO","mailNo":"77","statusChanged":"SIGN","changeTime":"2026-01-02 10:00:00","orderLogsItems":[{"orderId":11,"orderEntryId":12},{"orderId":11,"orderEntryId":13}]}}`,
			&TraceBody{LogisticsID: "LP1", CpCode: "ZTO", MailNo: "77", StatusChanged: "SIGN", ChangeTime: Time{day}, Entries: OneOrMany[OrderEntry]{{11, 12}, {11, 13}}}, []ID{11}, nil},
		{TopicLogisticsTrace, `{"OrderLogisticsTracingModel":{"logisticsId":"LP1","statusChanged":"CONSIGN","changeTime":"","orderLogsItems":{"orderId":11,"orderEntryId":12}}}`,
			&TraceBody{LogisticsID: "LP1", StatusChanged: "CONSIGN", Entries: OneOrMany[OrderEntry]{{11, 12}}}, []ID{11}, nil},
		{TopicMailNoChange, `{"MailNoChangeModel":{"logisticsId":"LP1","oldCpCode":"A","newCpCode":"B","oldMailNo":"1","newMailNo":2,"eventTime":1767319200000,"orderLogsItems":[{"orderId":11}]}}`,
			&MailNoBody{LogisticsID: "LP1", OldCpCode: "A", NewCpCode: "B", OldMailNo: "1", NewMailNo: "2", EventTime: Time{day}, Entries: OneOrMany[OrderEntry]{{OrderID: 11}}}, []ID{11}, nil},
		{TopicPackageChange, `{"packageId":5,"transportStatus":900,"warehouseStatus":900100,"actionTime":1767319200000,"tradeOrderIds":[11,"12",11]}`,
			&PackageBody{PackageID: 5, TransportStatus: 900, WarehouseStatus: 900100, ActionTime: Time{day}, TradeOrderIDs: []ID{11, 12, 11}}, []ID{11, 12}, nil},
		{TopicProductChanged, `{"productIds":"554456348334, 554456348335","memberId":"b2b-1","action":"sku_modify","msgSendTime":"2026-01-02 10:00:00"}`,
			&ProductBody{ProductIDs: "554456348334, 554456348335", MemberID: "b2b-1", Action: "sku_modify", SentAt: Time{day}}, nil, []ID{554456348334, 554456348335}},
		{TopicProductExpired, `{"productIds":"554456348334","status":"RELATION_VIEW_PRODUCT_EXPIRE"}`,
			&ProductBody{ProductIDs: "554456348334", Status: "RELATION_VIEW_PRODUCT_EXPIRE"}, nil, []ID{554456348334}},
		{TopicInventoryChange, `{"OfferInventoryChangeList":[{"offerId":554456348334,"offerOnSale":10,"skuId":3332085412530,"skuOnSale":5,"quantity":-5,"bizTime":"1767319200000"}]}`,
			&InventoryBody{Changes: OneOrMany[InventoryChange]{{554456348334, 10, 3332085412530, 5, -5, Time{day}}}}, nil, []ID{554456348334}},
		{TopicPftOfferQuit, `{"offerId":554456348334,"type":"single_direct","openUid":"o"}`, &OfferBody{OfferID: 554456348334, Type: "single_direct", OpenUID: "o"}, nil, []ID{554456348334}},
		{TopicCrossboardInform, `{"offerId":"554456348334","userInfo":"u","action":"distribution"}`, &OfferBody{OfferID: 554456348334, UserInfo: "u", Action: "distribution"}, nil, []ID{554456348334}},
		{TopicFenxiaoPriceChange, `{"x":1}`, json.RawMessage(`{"x":1}`), nil, nil},
		{"SOMETHING_NEW", `{"orderId":1}`, json.RawMessage(`{"orderId":1}`), nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.topic, func(t *testing.T) {
			m, err := ParseMessage([]byte(`{"msgId":1,"type":"` + tt.topic + `","data":` + strconv.Quote(tt.data) + `}`))
			require.NoError(t, err)
			assert.Equal(t, tt.topic != "SOMETHING_NEW", m.Known())
			got, err := m.Body()
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.orders, m.OrderIDs())
			assert.Equal(t, tt.offers, m.OfferIDs())
		})
	}
	assert.Len(t, bodies, 28, "all topics of the fact book")
}

func TestMessage_broken_body(t *testing.T) {
	for topic, data := range map[string]string{
		TopicOrderPaid: `{"orderId":"junk"}`, TopicOrderMade: `null`, TopicLogisticsTrace: `{}`, TopicMailNoChange: `[]`, TopicOrderBatchPay: `"no JSON"`,
	} {
		m, err := ParseMessage([]byte(`{"msgId":1,"type":"` + topic + `","data":` + data + `}`))
		require.NoError(t, err, topic)
		_, err = m.Body()
		require.Error(t, err, topic)
		assert.NotContains(t, err.Error(), "junk")
		assert.Empty(t, m.OrderIDs(), topic)
	}
}
