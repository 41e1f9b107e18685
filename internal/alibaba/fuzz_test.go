package alibaba

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func FuzzParseMessage(f *testing.F) {
	f.Add(golden(f, "message_order_pay"))
	for topic := range bodies {
		f.Add([]byte(`{"msgId":"1","type":"` + topic + `","data":"{\"orderId\":1,\"OrderLogisticsTracingModel\":{\"orderLogsItems\":{}}}"}`))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseMessage(raw)
		if err != nil {
			return
		}
		if m.MsgID == "" || m.Topic == "" {
			t.Fatal("a message without identity")
		}
		if body, err := m.Body(); (body == nil) == (err == nil) {
			t.Fatalf("body %v, error %v", body, err)
		}
		for _, id := range append(m.OrderIDs(), m.OfferIDs()...) {
			if id <= 0 {
				t.Fatal("id out of range")
			}
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files")
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, 200)
	}
	f.Add([]byte(`{"error_code":401}`), 401)
	f.Add([]byte(`{"error_code":"gw.X","success":true}`), 500)
	c, err := New(Options{BaseURL: "http://127.0.0.1/openapi", AppKey: "1", AppSecret: "s"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		var page SearchPage
		var product Product
		var trade Trade
		decoders := map[*endpoint]func([]byte) error{
			&apiKeywordQuery: openInto(&page), &apiProductDetail: openInto(&product), &apiBuyerOrder: openInto(&trade),
			&apiRegister: registered, &apiOrderSync: openAck,
			&apiBuyerOrders:    func(b []byte) error { _, err := readOrders(b); return err },
			&apiPreview:        func(b []byte) error { _, err := readPreview(b, true); return err },
			&apiLogisticsTrace: func(b []byte) error { _, err := readTraces(b, true); return err },
			&apiAlipayURL:      func(b []byte) error { _, err := readPayLink(b, true); return err },
			&apiPayWays:        func(b []byte) error { var w PayWays; return readResultList(b, &w) },
			&apiPayProtocol:    func(b []byte) error { _, err := readPayProtocols(b); return err },
			&apiCreateRefund:   refundTrouble(func(b []byte) error { _, err := readCreatedRefund(b); return err }),
			&apiReturnGoods:    returnTrouble(openAck),
			&apiRefunds:        func(b []byte) error { _, err := readRefunds(b, false); return err },
			&apiWaybills:       func(b []byte) error { _, err := readWaybills(b); return err },
			&apiCreateOrder: func(b []byte) error {
				created, err := readCreated(b)
				if err == nil && (created == nil || len(created.Orders) == 0) {
					return errors.New("created nothing") // reported as garbage below
				}
				return err
			},
		}
		for api, decoder := range decoders {
			failure := c.judge(api, answer{status: status, body: body, sent: true}, decoder)
			if failure == nil {
				if status < 200 || status > 299 {
					t.Fatalf("%s: success from HTTP %d", api.name, status)
				}
				continue
			}
			if api.write && failure.Class == Transient {
				t.Fatalf("%s: a sent write cannot be transient", api.name)
			}
			failure = c.clean(failure, "")
			if len(failure.Message) > maxMessage || len(failure.Error()) > 1200 {
				t.Fatal("unbounded text")
			}
		}
	})
}
