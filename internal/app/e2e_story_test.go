package app_test

import (
	"net/http"
	"testing"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	apptest.Main(m, func() error { return goleak.Find() })
}

// The main job, in one process and step by step.
func TestStory(t *testing.T) {
	for _, tt := range []struct {
		name    string
		sellers int
		opts    []apptest.Option
	}{
		{"one seller", 1, nil},
		{"two sellers, two purchases", 2, nil},
		{"1688 embedded in the same process", 1, []apptest.Option{apptest.Embedded()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := apptest.Start(t, tt.opts...).NewStory(t, tt.sellers)
			y.Play(t, y.Steps()...)
			y.Verify(t)
		})
	}
}

// A stock order leaves the site's own stock: 1688 is told of it but nothing is bought there.
func TestStoryOfStock(t *testing.T) {
	y := apptest.Start(t).NewStory(t, 1)
	y.Stock = true
	y.Play(t, y.Steps()...)
	y.Verify(t)
	y.Admin.Post(t, http.StatusConflict, "/admin/v1/orders/"+y.OrderID+"/purchase", nil, apptest.Idem("buy"))
	assert.Empty(t, y.Sandbox.Orders(t, ""))
}

// With the manual trigger a paid order waits for staff.
func TestStoryWithManualTrigger(t *testing.T) {
	y := apptest.Start(t, apptest.Env("ENTREPOT_ORDER_TRIGGER", "manual")).NewStory(t, 1)
	steps := y.Steps()
	steps[3].Settle = func(t testing.TB) {
		y.Status(t, "paid")
		apptest.Eventually(t, "the order push", func() (bool, string) {
			_, rows := y.Ledger(t)
			return len(rows) == 1 && rows[0].State == "acknowledged", ""
		})
		require.Empty(t, y.Sandbox.Orders(t, ""), "nothing is bought before staff say so")
		path := "/admin/v1/orders/" + y.OrderID + "/purchase"
		a := y.Admin.Post(t, http.StatusBadRequest, path, nil)
		assert.Equal(t, "IDEMPOTENCY_KEY_REQUIRED", a.Problem(t).Code)
		y.Admin.Post(t, http.StatusAccepted, path, nil, apptest.Idem("buy"))
		y.Admin.Post(t, http.StatusAccepted, path, nil, apptest.Idem("buy"))
		y.Bought(t)
	}
	y.Play(t, steps...)
	y.Verify(t)
}

// With the trigger on_submit the order is placed at 1688 at once, but paid there, and told of with its relations, only when
// the member has paid.
func TestStoryBoughtOnSubmit(t *testing.T) {
	y := apptest.Start(t, apptest.Env("ENTREPOT_ORDER_TRIGGER", "on_submit")).NewStory(t, 2)
	steps := y.Steps()
	steps[2].Settle = func(t testing.TB) {
		y.Purchased(t, "unpaid")
		complete, rows := y.Ledger(t)
		assert.Empty(t, rows, "1688 learns of orders when they are paid")
		assert.True(t, complete)
		assert.Zero(t, y.Sandbox.Executed(t, "preparePay"), "nobody's money is spent before the member's has come")
	}
	y.Play(t, steps...)
	y.Verify(t)
}
