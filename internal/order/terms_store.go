package order

import (
	"context"
	"encoding/json"
	"math/bits"
	"time"

	"entrepot/internal/money"
	"entrepot/internal/site"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Why a purchase is neither created nor paid at the moment.
const (
	holdNone     = ""
	holdApproval = "approval" // the member was asked about a new price
	holdExtra    = "extra"    // the member agreed and has to pay the difference
	holdStaff    = "staff"    // the price moved and nobody can be asked
	holdDeclined = "declined" // the member declined: it is being cancelled
	holdExpired  = "expired"  // the member never answered: it is being cancelled
)

// termsRow is what the member agreed to about a purchase, beside the row 1688's facts move.
type termsRow struct {
	PurchaseID  int64 `gorm:"primaryKey"`
	OrderID     int64
	QuotedMinor int64
	PricedAt    *time.Time
	Hold        string
	Requotes    int
	UpdatedAt   time.Time
}

func (termsRow) TableName() string { return "purchase_terms" }

// termsTx reads the terms of a purchase; one that is older than this table gets them from its quote.
func (s *store) termsTx(tx *gorm.DB, o *orderRow, p *purchaseRow) (termsRow, error) {
	var t termsRow
	if err := tx.Where("purchase_id = ?", p.ID).Limit(1).Find(&t).Error; err != nil || t.PurchaseID != 0 {
		return t, err
	}
	t = termsRow{PurchaseID: p.ID, OrderID: p.OrderID, UpdatedAt: s.now()}
	if rate, currency, ok := s.rateOf(o); ok {
		if minor, err := rate.Convert(p.QuotedFen, currency); err == nil {
			t.QuotedMinor = minor
		}
	}
	return t, tx.Create(&t).Error
}

func (s *store) saveTermsTx(tx *gorm.DB, t *termsRow) error {
	t.UpdatedAt = s.now()
	return tx.Save(t).Error
}

// rateOf is the exchange rate an order was made with, and its currency as the site rounds it; ok is false when the order
// names none.
func (s *store) rateOf(o *orderRow) (money.Rate, money.Currency, bool) {
	var t terms
	if json.Unmarshal([]byte(o.FxJSON), &t) != nil {
		return money.Rate{}, money.Currency{}, false
	}
	currency, ok := money.CurrencyOf(o.Currency)
	if st, known := s.sites.ByCode(o.Site); known && st.Currency.Code == o.Currency {
		currency = st.Currency
	}
	return t.FX, currency, ok && t.FX.Quote == o.Currency
}

// accountRow is how an order's account with its member moved after it was placed.
type accountRow struct {
	OrderID    int64 `gorm:"primaryKey"`
	ExtraMinor int64
	OwedMinor  int64
	UpdatedAt  time.Time
}

func (accountRow) TableName() string { return "order_accounts" }

// accountTx reads an order's account, and opens it.
func (s *store) accountTx(tx *gorm.DB, orderID int64) (accountRow, error) {
	a := accountRow{OrderID: orderID, UpdatedAt: s.now()}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&a).Error; err != nil {
		return a, err
	}
	a = accountRow{}
	return a, tx.Where("order_id = ?", orderID).Take(&a).Error
}

// extraTx adds to what an order costs its member; negative amounts make it cheaper.
func (s *store) extraTx(tx *gorm.DB, orderID, minor int64) error {
	if _, err := s.accountTx(tx, orderID); err != nil {
		return err
	}
	return tx.Model(&accountRow{}).Where("order_id = ?", orderID).
		Updates(map[string]any{"extra_minor": gorm.Expr("extra_minor + ?", minor), "updated_at": s.now()}).Error
}

// account reads an order's account; one that never moved has none.
func (s *store) account(ctx context.Context, orderID int64) (accountRow, error) {
	var a accountRow
	err := s.db.Read(ctx).Where("order_id = ?", orderID).Limit(1).Find(&a).Error
	return a, err
}

// paidAgainTx takes a further payment of an order in: the approved difference, or money nobody asked for, about which staff
// must decide.
func (s *store) paidAgainTx(ctx context.Context, tx *gorm.DB, o *orderRow, amount int64) error {
	a, err := s.accountTx(tx, o.ID)
	if err != nil {
		return err
	}
	if due := outstanding(o, a); due <= 0 || amount != due {
		return s.attentionTx(ctx, tx, o, 0, "paid_twice")
	}
	o.PaidMinor += amount
	err = tx.Model(&orderRow{}).Where("id = ?", o.ID).Updates(map[string]any{"paid_minor": gorm.Expr("paid_minor + ?", amount), "updated_at": s.now()}).Error
	if err != nil {
		return err
	}
	if err := s.noteTx(ctx, tx, &purchaseRow{OrderID: o.ID, State: PurchaseState(o.Status)}, "payment.extra", id(amount)+" "+o.Currency, "payment"); err != nil {
		return err
	}
	return s.releaseTx(ctx, tx, o, holdExtra)
}

// buying is how a site wants price changes and shortages handled.
func (s *store) buying(code string) site.Buying {
	var b site.Buying
	if st, ok := s.sites.ByCode(code); ok {
		b = st.Buying
	}
	return b.Override(s.rules.Buying)
}

// outstanding is what the member still has to pay.
func outstanding(o *orderRow, a accountRow) int64 { return o.TotalMinor + a.ExtraMinor - o.PaidMinor }

// apportion splits a total by weights, exactly; what rounding leaves over goes to the first.
func apportion(total int64, weights []int64) []int64 {
	out := make([]int64, len(weights))
	var sum int64
	for _, w := range weights {
		sum += max(w, 0)
	}
	left := total
	for i, w := range weights {
		if sum > 0 && total > 0 {
			out[i] = mulDiv(total, max(w, 0), sum)
			left -= out[i]
		}
	}
	if len(out) > 0 {
		out[0] += left
	}
	return out
}

// mulDiv is a*b/c, rounded down, without overflow in between. None is negative and b is at most c.
func mulDiv(a, b, c int64) int64 {
	if a <= 0 || b <= 0 || c <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) { // b is more than c
		return a
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q) // #nosec G115 -- at most a
}

// mulDivUp is mulDiv rounded up.
func mulDivUp(a, b, c int64) int64 {
	q := mulDiv(a, b, c)
	if a <= 0 || b <= 0 || c <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	hi2, lo2 := bits.Mul64(uint64(q), uint64(c))
	if hi != hi2 || lo != lo2 {
		return q + 1
	}
	return q
}
