package order

import (
	"context"
	"encoding/json"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/money"
)

// Facts is an order as 1688 is told about it.
type Facts struct {
	ID          string
	Site        string
	OutMemberID string
	CreatedAt   time.Time
	PaidAt      time.Time
	TotalFen    money.Fen
	Lines       []LineFacts
}

// LineFacts is one line of it; names are the seller's Chinese, which 1688 reads.
type LineFacts struct {
	ID        string
	OfferID   string
	SkuID     string
	Name      string
	SkuName   string
	Quantity  int64
	AmountFen money.Fen
}

// Facts reads what a push of the order says.
func (s *Service) Facts(ctx context.Context, orderID int64) (Facts, error) {
	rows, err := s.store.facts.Load(ctx, orderID)
	if err != nil {
		return Facts{}, err
	}
	if len(rows) == 0 {
		return Facts{}, errs.New(errs.NotFound, "order.not_found")
	}
	o := rows[0]
	out := Facts{ID: id(orderID), Site: o.Site, OutMemberID: o.OutMemberID, CreatedAt: o.CreatedAt, TotalFen: o.TotalFen}
	if o.PaidAt != nil {
		out.PaidAt = *o.PaidAt
	}
	for _, l := range rows {
		sku := "0" // 1688 wants the field filled; an offer without variants has no SKU
		if l.SkuID != 0 {
			sku = id(l.SkuID)
		}
		out.Lines = append(out.Lines, LineFacts{
			ID: id(l.LineID), OfferID: id(l.OfferID), SkuID: sku, Name: l.Subject, SkuName: l.SkuName, Quantity: l.Quantity, AmountFen: l.AmountFen,
		})
	}
	return out, nil
}

// ParcelFacts is a national parcel as 1688 is told about it.
type ParcelFacts struct {
	OrderID, ParcelNo             string
	CreatedAt                     time.Time
	SignedAt                      time.Time
	Province, City, Area, Address string
}

// ParcelFacts reads what a push of a parcel says.
func (s *Service) ParcelFacts(ctx context.Context, parcelID int64) (ParcelFacts, error) {
	p, err := s.store.parcel(ctx, parcelID)
	if err != nil {
		return ParcelFacts{}, err
	}
	var a Address
	if err := json.Unmarshal([]byte(p.AddressJSON), &a); err != nil {
		return ParcelFacts{}, err
	}
	out := ParcelFacts{OrderID: id(p.OrderID), ParcelNo: p.ParcelNo, CreatedAt: p.CreatedAt, Province: a.Province, City: a.City, Address: a.Address}
	if a.Area != nil {
		out.Area = *a.Area
	}
	if out.Area == "" {
		out.Area = a.City // 1688 wants the field filled
	}
	if p.SignedAt != nil {
		out.SignedAt = *p.SignedAt
	}
	return out, nil
}
