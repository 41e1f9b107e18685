package sandbox

import (
	"strings"
	"sync"
)

// filterConfig is what product.filterData.queryConfig lists, one line each: a group ("= type"), a checkbox or sort key ("0 key" or "2 key"),
// a choice group ("1") and its choices ("- key"); then the label in each language, in the order of langs. A lone label fits all of them.
const filterConfig = `
= filter|服务质量|サービス品質|Service quality|서비스 품질|Chất lượng dịch vụ|Kualiti perkhidmatan|คุณภาพการบริการ|Kualitas layanan|Качество обслуживания
0 certifiedFactory|认证工厂|認証工場|Certified factory|인증 공장|Nhà máy được chứng nhận|Kilang diperakui|โรงงานที่ผ่านการรับรอง|Pabrik bersertifikat|Сертифицированная фабрика
1|综合体验分|総合体験スコア|Overall experience score|종합 체험 점수|Điểm trải nghiệm tổng hợp|Skor pengalaman keseluruhan|คะแนนประสบการณ์โดยรวม|Skor pengalaman keseluruhan|Общая оценка опыта
- totalEpScoreLv1|5星|5つ星|5 stars|별 5개|5 sao|5 bintang|5 ดาว|5 bintang|5 звёзд
- totalEpScoreLv2|4.5-5.0星|4.5～5.0つ星|4.5-5.0 stars|별 4.5-5.0개|4.5-5.0 sao|4.5-5.0 bintang|4.5-5.0 ดาว|4.5-5.0 bintang|4,5-5,0 звёзд
- totalEpScoreLv3|4-4.5星|4～4.5つ星|4-4.5 stars|별 4-4.5개|4-4.5 sao|4-4.5 bintang|4-4.5 ดาว|4-4.5 bintang|4-4,5 звезды
- totalEpScoreLv4|4星以下|4つ星未満|Under 4 stars|별 4개 미만|Dưới 4 sao|Bawah 4 bintang|ต่ำกว่า 4 ดาว|Di bawah 4 bintang|Ниже 4 звёзд
1|24小时揽收率|24時間以内集荷率|24-hour pick-up rate|24시간 집하율|Tỷ lệ lấy hàng trong 24 giờ|Kadar kutipan 24 jam|อัตราการรับสินค้าใน 24 ชั่วโมง|Tingkat penjemputan 24 jam|Доля забранных за 24 часа
- getRate24HLv3|>=99%
- getRate24HLv2|>=95%
- getRate24HLv1|<95%
1|48小时揽收率|48時間以内集荷率|48-hour pick-up rate|48시간 집하율|Tỷ lệ lấy hàng trong 48 giờ|Kadar kutipan 48 jam|อัตราการรับสินค้าใน 48 ชั่วโมง|Tingkat penjemputan 48 jam|Доля забранных за 48 часов
- getRate48HLv3|>=99%
- getRate48HLv2|>=95%
- getRate48HLv1|<95%
= filter|服务保障|サービス保証|Service guarantees|서비스 보장|Bảo đảm dịch vụ|Jaminan perkhidmatan|การรับประกันบริการ|Jaminan layanan|Гарантии обслуживания
0 freeCredit|免费赊账|無料の後払い|Free credit|무료 외상|Mua chịu miễn phí|Kredit percuma|เครดิตฟรี|Kredit gratis|Бесплатная рассрочка
0 shipInToday|当日发货|当日発送|Ships today|당일 발송|Gửi hàng trong ngày|Dihantar hari ini|จัดส่งวันนี้|Dikirim hari ini|Отправка сегодня
0 shipIn24Hours|24小时发货|24時間以内発送|Ships within 24 hours|24시간 내 발송|Gửi hàng trong 24 giờ|Dihantar dalam 24 jam|จัดส่งภายใน 24 ชั่วโมง|Dikirim dalam 24 jam|Отправка за 24 часа
0 shipIn48Hours|48小时发货|48時間以内発送|Ships within 48 hours|48시간 내 발송|Gửi hàng trong 48 giờ|Dihantar dalam 48 jam|จัดส่งภายใน 48 ชั่วโมง|Dikirim dalam 48 jam|Отправка за 48 часов
0 noReason7DReturn|7天无理由退货|7日間返品自由|7-day free returns|7일 무조건 반품|Trả hàng 7 ngày không cần lý do|Pemulangan 7 hari tanpa sebab|คืนสินค้าได้ใน 7 วันโดยไม่ต้องมีเหตุผล|Retur 7 hari tanpa alasan|Возврат за 7 дней без причины
0 isOnePsale|支持一件代发|1個から直送|One-piece dropshipping|1개 위탁 배송|Gửi hộ từ một sản phẩm|Penghantaran terus satu unit|ดรอปชิปหนึ่งชิ้น|Dropship satu barang|Дропшиппинг от одной штуки
0 isOnePsaleFreePost|支持包邮|送料込み|Free shipping|무료 배송|Miễn phí vận chuyển|Penghantaran percuma|ส่งฟรี|Gratis ongkir|Бесплатная доставка
0 dyCiphertext|支持抖音密文面单|Douyin暗号化送り状対応|Encrypted Douyin labels|더우인 암호화 송장 지원|Hỗ trợ in vận đơn mã hóa Douyin|Label Douyin disulitkan|รองรับใบปะหน้าเข้ารหัส Douyin|Label Douyin terenkripsi|Шифрованные этикетки Douyin
0 ksCiphertext|支持快手密文面单|Kuaishou暗号化送り状対応|Encrypted Kuaishou labels|콰이쇼우 암호화 송장 지원|Hỗ trợ in vận đơn mã hóa Kuaishou|Label Kuaishou disulitkan|รองรับใบปะหน้าเข้ารหัส Kuaishou|Label Kuaishou terenkripsi|Шифрованные этикетки Kuaishou
= sort|综合排序|総合順|Sort order|종합 정렬|Sắp xếp tổng hợp|Isihan menyeluruh|การเรียงลำดับ|Urutan umum|Сортировка
2 onePPrice|价格排序|価格順|By price|가격순|Theo giá|Mengikut harga|ตามราคา|Menurut harga|По цене
2 rePurchaseRate|30天复购率|30日間リピート率|30-day repurchase rate|30일 재구매율|Tỷ lệ mua lại 30 ngày|Kadar belian semula 30 hari|อัตราการซื้อซ้ำ 30 วัน|Tingkat pembelian ulang 30 hari|Повторные покупки за 30 дней
2 monthSoldOut|30天销量|30日間販売数|30-day sales|30일 판매량|Lượng bán 30 ngày|Jualan 30 hari|ยอดขาย 30 วัน|Penjualan 30 hari|Продажи за 30 дней
`

type filterLine struct {
	kind, key string
	label     word
}

var filterLines = sync.OnceValue(func() []filterLine {
	var out []filterLine
	for line := range strings.SplitSeq(strings.TrimSpace(filterConfig), "\n") {
		head, labels, _ := strings.Cut(line, "|")
		kind, key, _ := strings.Cut(head, " ")
		f := filterLine{kind: kind, key: key}
		if strings.Contains(labels, "|") {
			f.label = toWord(labels)
		} else {
			for i := range f.label {
				f.label[i] = labels
			}
		}
		out = append(out, f)
	}
	return out
})

// filterGroups is the configuration in one language.
func filterGroups(lang string) []obj {
	var groups []obj
	last := func(list []obj) obj { return list[len(list)-1] }
	for _, f := range filterLines() {
		label := f.label.in(lang)
		switch f.kind {
		case "=":
			groups = append(groups, obj{"configName": label, "configType": f.key, "configList": []obj{}})
		case "-":
			group := last(last(groups)["configList"].([]obj))
			group["valueList"] = append(group["valueList"].([]obj), obj{"choiceKey": f.key, "choiceName": label})
		default:
			entry := obj{"filterName": label, "type": f.kind}
			if f.key != "" {
				entry["choiceKey"] = f.key
			} else {
				entry["valueList"] = []obj{}
			}
			last(groups)["configList"] = append(last(groups)["configList"].([]obj), entry)
		}
	}
	return groups
}
