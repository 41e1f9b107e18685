package search

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// Everybody on the staff may look at settings of the catalogue; these may change what is shown.
var mayPublish = []auth.Role{auth.Ops, auth.Admin}

// asStaff is the staff member behind a call and the context to go on with.
func asStaff(c context.Context, roles ...auth.Role) (context.Context, auth.StaffCaller, error) {
	who, err := auth.RequireRole(c, roles...)
	return web.Context(c), who, err
}

// AdminListBlocks implements StrictServerInterface.
func (h server) AdminListBlocks(c context.Context, r AdminListBlocksRequestObject) (AdminListBlocksResponseObject, error) {
	ctx, _, err := asStaff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	code, kind := "", ""
	if r.Params.Site != nil {
		st, err := h.s.siteOf(*r.Params.Site, "/query/site")
		if err != nil {
			return nil, err
		}
		code = st.Code
	}
	if r.Params.Kind != nil {
		kind = string(*r.Params.Kind)
	}
	rows, err := h.s.store.blockPage(ctx, code, kind, before, limit+1)
	if err != nil {
		return nil, err
	}
	out := AdminListBlocks200JSONResponse{Items: []Block{}}
	if len(rows) > limit {
		rows = rows[:limit]
		out.NextCursor = ptr(web.EncodeCursor(rows[limit-1].ID))
	}
	for _, row := range rows {
		out.Items = append(out.Items, row.view())
	}
	return out, nil
}

func (b blockRow) view() Block {
	return Block{Id: number64(b.ID), Site: b.Site, Kind: BlockKind(b.Kind), Value: b.Value, Reason: b.Reason, CreatedBy: b.Staff, CreatedAt: b.CreatedAt.UTC()}
}

// AdminAddBlock implements StrictServerInterface.
func (h server) AdminAddBlock(c context.Context, r AdminAddBlockRequestObject) (AdminAddBlockResponseObject, error) {
	ctx, who, err := asStaff(c, mayPublish...)
	if err != nil {
		return nil, err
	}
	row, err := h.s.addBlock(ctx, who, *r.Body)
	return AdminAddBlock201JSONResponse(row.view()), err
}

// addBlock puts a thing on a site's list. It counts at once; for a seller or a category the answer waits a moment until it
// is known what belongs to it. Errors: request.invalid with pointers, block.exists.
func (s *Service) addBlock(ctx context.Context, who auth.StaffCaller, r BlockRequest) (blockRow, error) {
	row := blockRow{Kind: string(r.Kind), Staff: who.LoginName, CreatedAt: s.moment()}
	bad := errs.New(errs.Invalid, "request.invalid")
	if st, ok := s.sites.ByCode(r.Site); ok {
		row.Site = st.Code
	} else {
		bad.At("/site", "site.unknown")
	}
	if row.Reason = strings.TrimSpace(r.Reason); row.Reason == "" {
		bad.At("/reason", "field.required")
	}
	if row.Value, row.ValueKey = blockValue(row.Kind, r.Value); row.ValueKey == "" {
		bad.At("/value", "block.value_"+row.Kind)
	}
	if len(bad.Fields) > 0 {
		return blockRow{}, bad
	}
	if row.Kind == blockSeller || row.Kind == blockCategory {
		row.ReachDueAt = &row.CreatedAt
	}
	row.ID = s.store.db.NewID()
	err := s.saveBlock(ctx, &row)
	if errors.Is(err, database.ErrDuplicate) {
		return blockRow{}, errs.New(errs.Conflict, "block.exists").At("/value", "block.exists")
	}
	if err != nil {
		return blockRow{}, err
	}
	s.changed(ctx)
	s.reachSoon(ctx, row)
	return row, nil
}

func (b blockRow) audit() map[string]string {
	return map[string]string{"kind": b.Kind, "value": b.Value}
}

// Forms of ids at 1688. A seller's is opaque text; this is what base64 and its kin look like.
var (
	numberForm = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	sellerForm = regexp.MustCompile(`^[A-Za-z0-9_+/=~.-]{1,100}$`)
)

// maxWordKey is the longest folded word, in characters: compatibility forms can grow when they are folded.
const maxWordKey = 200

// blockValue is a value as shown and in the spelling it is compared in; key is "" for one that cannot be.
func blockValue(kind, value string) (shown, key string) {
	value = strings.Join(strings.Fields(value), " ")
	switch kind {
	case blockCategory, blockOffer:
		if numberForm.MatchString(value) {
			return value, value
		}
	case blockSeller:
		if sellerForm.MatchString(value) {
			return value, value
		}
	case blockWord:
		key := fold(value)
		meant := strings.ContainsFunc(key, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.So) })
		if meant && utf8.RuneCountInString(key) <= maxWordKey && !strings.ContainsFunc(value, unicode.IsControl) {
			return value, key
		}
	}
	return value, ""
}

// AdminRemoveBlock implements StrictServerInterface.
func (h server) AdminRemoveBlock(c context.Context, r AdminRemoveBlockRequestObject) (AdminRemoveBlockResponseObject, error) {
	ctx, _, err := asStaff(c, mayPublish...)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.BlockId, 10, 64)
	if err != nil {
		return nil, errs.New(errs.NotFound, "object.not_found")
	}
	if err := h.s.removeBlock(ctx, id); err != nil {
		return nil, err
	}
	return AdminRemoveBlock204Response{}, nil
}

func (s *Service) removeBlock(ctx context.Context, id int64) error {
	err := s.dropBlock(ctx, id)
	if err == nil {
		s.changed(ctx)
	}
	return err // not found is 404
}
