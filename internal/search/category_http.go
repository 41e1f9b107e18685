package search

import "context"

// ListCategories implements StrictServerInterface.
func (h server) ListCategories(ctx context.Context, r ListCategoriesRequestObject) (ListCategoriesResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	var parent int64
	if p := r.Params.ParentId; p != nil && *p != "0" {
		if parent, err = idAt("/query/parentId", *p); err != nil {
			return nil, err
		}
	}
	answer, err := h.s.Categories(ctx, st, lang, parent)
	return lists(ctx, answer, err)
}

// GetCategory implements StrictServerInterface.
func (h server) GetCategory(ctx context.Context, r GetCategoryRequestObject) (GetCategoryResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idAt("/path/categoryId", r.CategoryId)
	if err != nil {
		return nil, err
	}
	answer, err := h.s.Category(ctx, st, lang, id)
	return lists(ctx, answer, err)
}
