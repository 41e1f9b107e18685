package sandbox

import "slices"

// refundReason is one of the platform's reasons. 20028 and 20021 are real numbers; the others are ours, in the same range.
type refundReason struct {
	id       int64
	name     string
	voucher  bool // evidence must be there
	noPost   bool // freight is not refundable
	tip      string
	statuses []string
}

var (
	notSent   = []string{goodsUnsent}
	notHere   = []string{goodsOnTheWay, goodsLateMissing}
	here      = []string{goodsReceived, goodsLateDelivered}
	anyStatus = goodsStatuses
)

var refundReasons = []refundReason{
	{20028, "不想买了", false, true, "", anyStatus},
	{20031, "拍错/多拍/信息填写错误", false, false, "", notSent},
	{20032, "卖家缺货", false, false, "", notSent},
	{20033, "卖家未按约定时间发货", false, false, "", notSent},
	{20041, "物流一直未送到", false, false, "", notHere},
	{20042, "货物丢失/物流无跟踪记录", false, false, "请先与物流公司核实", notHere},
	{20043, "空包裹/少货", true, false, "请上传开箱照片", notHere},
	{20021, "颜色/图案/款式不符", false, false, "", here},
	{20022, "质量问题", true, false, "请上传能证明质量问题的照片", here},
	{20023, "货物破损/污渍", true, false, "请上传破损照片", here},
	{20024, "七天无理由退货", false, true, "", here},
	{20025, "少件/漏发", true, false, "请上传收到货品的照片", here},
}

func reasonsFor(goodsStatus string) []refundReason {
	var out []refundReason
	for _, r := range refundReasons {
		if slices.Contains(r.statuses, goodsStatus) {
			out = append(out, r)
		}
	}
	return out
}

func reasonByID(id int64, goodsStatus string) (refundReason, bool) {
	for _, r := range reasonsFor(goodsStatus) {
		if r.id == id {
			return r, true
		}
	}
	return refundReason{}, false
}

// reasonName finds the words of a reason that was accepted once.
func reasonName(id int64) string {
	for _, r := range refundReasons {
		if r.id == id {
			return r.name
		}
	}
	return ""
}
