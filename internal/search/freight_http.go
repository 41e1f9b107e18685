package search

import "context"

// EstimateFreight implements StrictServerInterface.
func (h server) EstimateFreight(ctx context.Context, r EstimateFreightRequestObject) (EstimateFreightResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idAt("/path/offerId", r.OfferId)
	if err != nil {
		return nil, err
	}
	lines := make([]FreightLine, len(r.Body.Items))
	for i, it := range r.Body.Items {
		lines[i] = FreightLine{Quantity: it.Quantity}
		if it.SkuId != nil {
			lines[i].SkuID = it.SkuId.Int64()
		}
	}
	var to *Destination
	if d := r.Body.Destination; d != nil {
		to = &Destination{Province: d.ProvinceCode, City: d.CityCode, District: d.DistrictCode}
	}
	view, err := h.s.Freight(ctx, st, lang, id, lines, to)
	if err != nil {
		return nil, err
	}
	return EstimateFreight200JSONResponse(*view), nil
}
