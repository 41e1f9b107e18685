package order

import (
	"context"
	"errors"
	"strings"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/money"

	"gorm.io/gorm"
)

type cartRow struct {
	ID        int64
	Site      string
	MemberID  *int64
	TokenHash *string
	Version   int64
	ExpiresAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (cartRow) TableName() string { return "carts" }

type cartItemRow struct {
	ID           int64
	CartID       int64
	OfferID      int64
	SkuID        int64
	SpecID       string
	Quantity     int64
	Selected     bool
	Version      int64
	SellerOpenID string
	SellerName   string
	Lang         string
	Subject      string
	SubjectTrans string
	SkuName      string
	ImageURL     string
	SeenPieces   int64
	SeenFen      money.Fen
	SeenMinor    int64
	SeenCurrency string
	SeenFxJSON   string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

func (cartItemRow) TableName() string { return "cart_items" }

// variant is what there is one line of in a cart.
type variant struct {
	offer, sku int64
	spec       string
}

func (r *cartItemRow) variant() variant { return variant{r.OfferID, r.SkuID, r.SpecID} }

// What a change of a cart may fail with besides database.ErrNotFound.
var (
	errCartFull    = errors.New("order: the cart is full")
	errCartChanged = errors.New("order: the line is no longer the one that was meant")
	errTooMany     = errors.New("order: more than a line may hold")
)

// memberCart is database.ErrNotFound for who never had one.
func (s *store) memberCart(ctx context.Context, memberID int64) (cartRow, error) {
	var c cartRow
	err := s.db.Read(ctx).Where("member_id = ?", memberID).Take(&c).Error
	return c, database.Translate(err)
}

// guestCart is database.ErrNotFound for an unknown token, one of another site and one that has expired.
func (s *store) guestCart(ctx context.Context, site, hash string) (cartRow, error) {
	var c cartRow
	err := s.db.Read(ctx).Where("token_hash = ? AND site = ? AND expires_at > ?", hash, site, s.now()).Take(&c).Error
	return c, database.Translate(err)
}

func (s *store) createCart(ctx context.Context, c cartRow) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error {
		row := c
		return database.Translate(tx.Create(&row).Error)
	})
}

// keepCart moves a guest's expiry on.
func (s *store) keepCart(ctx context.Context, id int64, until time.Time) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error {
		return tx.Model(&cartRow{}).Where("id = ? AND member_id IS NULL", id).UpdateColumn("expires_at", until).Error
	})
}

// cartItems are a cart's lines, oldest first.
func (s *store) cartItems(ctx context.Context, cartID int64) ([]cartItemRow, error) {
	var rows []cartItemRow
	err := s.db.Read(ctx).Where("cart_id = ?", cartID).Order("id").Find(&rows).Error
	return rows, err
}

// lockCartTx keeps two changes of a cart apart: all of them write its row first. A cart that was merged into a member's,
// or has expired, is database.ErrNotFound.
func (s *store) lockCartTx(tx *gorm.DB, id int64) error {
	now := s.now()
	res := tx.Exec("UPDATE carts SET version = version + 1, updated_at = ?, expires_at = CASE WHEN expires_at IS NULL THEN NULL ELSE ? END "+
		"WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)", now, now.Add(guestCartTTL), id, now)
	if res.Error == nil && res.RowsAffected == 0 {
		return database.ErrNotFound
	}
	return res.Error
}

// lockedTx reads the lines of a cart that lockCartTx has locked.
func lockedTx(tx *gorm.DB, cartID int64) (map[variant]*cartItemRow, error) {
	var rows []cartItemRow
	err := tx.Where("cart_id = ?", cartID).Order("id").Find(&rows).Error
	lines := make(map[variant]*cartItemRow, len(rows))
	for i := range rows {
		lines[rows[i].variant()] = &rows[i]
	}
	return lines, err
}

func piecesOf(lines map[variant]*cartItemRow, offerID int64) (n int64) {
	for _, l := range lines {
		if l.OfferID == offerID {
			n += l.Quantity
		}
	}
	return n
}

// addCartItem adds a line, or its quantity to the line there is. see notes the price for so many pieces on a line.
func (s *store) addCartItem(ctx context.Context, item cartItemRow, see func(line *cartItemRow, pieces int64)) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.lockCartTx(tx, item.CartID); err != nil {
			return err
		}
		lines, err := lockedTx(tx, item.CartID)
		if err != nil {
			return err
		}
		line := item
		was := lines[item.variant()]
		if was != nil {
			line.ID, line.CreatedAt, line.Version, line.Quantity = was.ID, was.CreatedAt, was.Version+1, was.Quantity+item.Quantity
		}
		switch {
		case line.Quantity > MaxQuantity:
			return errTooMany
		case was == nil && len(lines) >= MaxLines:
			return errCartFull
		}
		see(&line, piecesOf(lines, item.OfferID)+item.Quantity)
		if was == nil {
			return database.Translate(tx.Create(&line).Error)
		}
		return updateLineTx(tx, &line)
	})
}

func updateLineTx(tx *gorm.DB, line *cartItemRow) error {
	return tx.Model(&cartItemRow{}).Where("id = ?", line.ID).Select("*").Omit("id", "created_at").Updates(line).Error
}

// cartChange is what a shopper wants of a line; nil and zero leave it as it is.
type cartChange struct {
	quantity *int64
	selected *bool
	version  int64
	item     *cartItemRow // the line as another variant of its offer
}

// changeCartItem changes a line. A line of the variant it becomes is added to it.
func (s *store) changeCartItem(ctx context.Context, cartID, itemID int64, c cartChange, see func(line *cartItemRow, pieces int64)) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.lockCartTx(tx, cartID); err != nil {
			return err
		}
		lines, err := lockedTx(tx, cartID)
		if err != nil {
			return err
		}
		var was *cartItemRow
		for _, l := range lines {
			if l.ID == itemID {
				was = l
			}
		}
		switch {
		case was == nil:
			return database.ErrNotFound
		case c.version != 0 && c.version != was.Version, c.item != nil && c.item.OfferID != was.OfferID:
			return errCartChanged
		}
		line := *was
		if c.quantity != nil {
			line.Quantity = *c.quantity
		}
		if c.selected != nil {
			line.Selected = *c.selected
		}
		if c.item != nil && c.item.variant() != was.variant() {
			if line, err = s.becomeTx(tx, lines, line, *c.item); err != nil {
				return err
			}
			see(&line, piecesOf(lines, line.OfferID)-was.Quantity+line.Quantity)
		}
		line.Version, line.UpdatedAt = was.Version+1, s.now()
		return updateLineTx(tx, &line)
	})
}

// becomeTx is a line as another variant; a line of that variant leaves the cart and its quantity is added.
func (s *store) becomeTx(tx *gorm.DB, lines map[variant]*cartItemRow, line, as cartItemRow) (cartItemRow, error) {
	as.ID, as.CartID, as.Quantity, as.Selected, as.CreatedAt = line.ID, line.CartID, line.Quantity, line.Selected, line.CreatedAt
	twin := lines[as.variant()]
	if twin == nil {
		return as, nil
	}
	if as.Quantity += twin.Quantity; as.Quantity > MaxQuantity {
		return as, errTooMany
	}
	delete(lines, twin.variant())
	return as, tx.Where("id = ?", twin.ID).Delete(&cartItemRow{}).Error
}

// removeCartItems takes one line out of a cart, or all of them for itemID 0.
func (s *store) removeCartItems(ctx context.Context, cartID, itemID int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.lockCartTx(tx, cartID); err != nil {
			return err
		}
		q := tx.Where("cart_id = ?", cartID)
		if itemID != 0 {
			q = q.Where("id = ?", itemID)
		}
		res := q.Delete(&cartItemRow{})
		if res.Error == nil && itemID != 0 && res.RowsAffected == 0 {
			return database.ErrNotFound
		}
		return res.Error
	})
}

// mergeCart moves a guest's lines into a member's cart, which takes what it has room for, and ends the guest's cart. A
// guest's cart that is gone was merged before. Always the guest's cart is locked first.
func (s *store) mergeCart(ctx context.Context, guestID, memberCartID int64) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		for _, id := range []int64{guestID, memberCartID} {
			if err := s.lockCartTx(tx, id); err != nil {
				return err
			}
		}
		var moving []cartItemRow
		if err := tx.Where("cart_id = ?", guestID).Order("id").Find(&moving).Error; err != nil {
			return err
		}
		lines, err := lockedTx(tx, memberCartID)
		if err != nil {
			return err
		}
		for i := range moving {
			if err := s.moveLineTx(tx, lines, &moving[i], memberCartID); err != nil {
				return err
			}
		}
		if err := tx.Where("cart_id = ?", guestID).Delete(&cartItemRow{}).Error; err != nil {
			return err
		}
		return tx.Where("id = ?", guestID).Delete(&cartRow{}).Error
	})
	if errors.Is(err, database.ErrNotFound) {
		return nil
	}
	return err
}

func (s *store) moveLineTx(tx *gorm.DB, lines map[variant]*cartItemRow, line *cartItemRow, cartID int64) error {
	set := map[string]any{"updated_at": s.now()}
	target := lines[line.variant()]
	switch {
	case target != nil:
		set["quantity"] = min(target.Quantity+line.Quantity, MaxQuantity)
	case len(lines) < MaxLines:
		target = line
		set["cart_id"] = cartID
		lines[line.variant()] = line
	default:
		return nil
	}
	set["version"] = target.Version + 1
	return tx.Model(&cartItemRow{}).Where("id = ?", target.ID).Updates(set).Error
}

// takeStatements take what an order buys out of the member's cart, which they lock as lockCartTx does: a line that grew meanwhile keeps the rest, one that became another
// variant or is gone is left alone.
func takeStatements(memberID int64, taken []cartTaken, now time.Time) []database.Statement {
	out := make([]database.Statement, 0, len(taken)+2)
	out = append(out, database.Statement{
		SQL: "UPDATE carts SET version = version + 1, updated_at = ? WHERE member_id = ?", Args: []any{now, memberID},
	})
	ids := make([]any, len(taken))
	for i, t := range taken {
		ids[i] = t.ItemID
		out = append(out, database.Statement{
			SQL: "UPDATE cart_items SET quantity = CASE WHEN quantity > ? THEN quantity - ? ELSE 0 END, version = version + 1, updated_at = ? " +
				"WHERE id = ? AND offer_id = ? AND sku_id = ? AND spec_id = ?",
			Args: []any{t.Quantity, t.Quantity, now, t.ItemID, t.OfferID, t.SkuID, t.SpecID},
		})
	}
	return append(out, database.Statement{
		SQL: "DELETE FROM cart_items WHERE quantity = 0 AND id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")", Args: ids,
	})
}

// PurgeCarts deletes up to limit guests' carts that nobody used for guestCartTTL, and says how many.
func (s *Service) PurgeCarts(ctx context.Context, limit int) (int64, error) {
	var n int64
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		n = 0
		now := s.now()
		var ids []int64
		err := tx.Model(&cartRow{}).Where("expires_at < ?", now).Order("expires_at").Limit(limit).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		res := tx.Where("id IN ? AND expires_at < ?", ids, now).Delete(&cartRow{})
		n = res.RowsAffected
		if res.Error != nil {
			return res.Error
		}
		return tx.Where("cart_id IN ? AND NOT EXISTS (SELECT 1 FROM carts WHERE carts.id = cart_items.cart_id)", ids).Delete(&cartItemRow{}).Error
	})
	return n, err
}
