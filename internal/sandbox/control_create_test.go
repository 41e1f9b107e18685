package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestControlMakesOrders(t *testing.T) {
	f := start(t, Options{})
	made := f.control("POST", "/orders", "", 200)
	assert.Equal(t, "demo-1", at(t, made, "orders", 0, "outOrderId"))
	assert.Equal(t, "waitbuyerpay", at(t, made, "orders", 0, "status"))
	assert.Equal(t, "pay", at(t, made, "orders", 0, "actions", 0, "name"))

	made = f.control("POST", "/orders", `{"lines":2,"quantity":30,"outOrderId":"mine"}`, 200)
	assert.Len(t, at(t, made, "orders", 0, "lines"), 2)
	again := f.control("POST", "/orders", `{"outOrderId":"mine"}`, 200)
	assert.Len(t, at(t, again, "orders"), 1, "only the new one")
	assert.NotEqual(t, at(t, made, "orders", 0, "orderId"), at(t, again, "orders", 0, "orderId"))

	o, _ := f.pickOffer(func(o *offer) bool { return o.traits&delisted != 0 })
	f.control("POST", "/orders", `{"offerId":"`+itoa(o.id)+`"}`, 409)
	f.control("POST", "/orders", `{"offerId":"1"}`, 409)
	f.control("POST", "/orders", `{"quantity":99999999999}`, 409)
	f.control("POST", "/orders", `{"nonsense":1}`, 400)

	counters := f.control("GET", "/counters?outOrderId=mine", "", 200)
	assert.Equal(t, json.Number("2"), at(t, counters, "creates", "mine"))
}

// Lists without members are empty lists, never null: the page and scripts walk them.
func TestControlListsAreNeverNull(t *testing.T) {
	f := start(t, Options{})
	assert.NotNil(t, at(t, f.control("GET", "/faults", "", 200), "faults"))
	assert.NotNil(t, at(t, f.control("GET", "/pushes", "", 200), "items"))
	assert.NotNil(t, at(t, f.control("GET", "/orders", "", 200), "orders"))
	assert.NotNil(t, at(t, f.control("GET", "/messages", "", 200), "messages"))
	assert.NotNil(t, at(t, f.control("GET", "/offers?keyword=qqqqq", "", 200), "offers"))
	f.control("POST", "/messages", `{"action":"emit","topic":"T","data":{}}`, 200)
	assert.NotNil(t, at(t, f.control("GET", "/messages", "", 200), "messages", 0, "deliveries"))
}
