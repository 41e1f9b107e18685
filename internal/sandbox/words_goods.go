package sandbox

// goodsTable goes on where fashionTable ends, in the same format.
const goodsTable = `
= 数码家电|デジタル家電|digital and appliances|디지털 가전|điện tử và gia dụng|elektronik dan perkakas|ดิจิทัลและเครื่องใช้ไฟฟ้า|elektronik dan peralatan|электроника и техника
== - g n u|手机配件|スマホアクセサリー|phone accessories|휴대폰 액세서리|phụ kiện điện thoại|aksesori telefon|อุปกรณ์เสริมมือถือ|aksesori ponsel|аксессуары для телефонов
phone o p 3 25 45 个|手机壳|スマホケース|phone case|휴대폰 케이스/폰케이스|ốp điện thoại|sarung telefon|เคสโทรศัพท์|casing ponsel|чехол для телефона
phone o x 1 15 30 片|钢化膜|ガラスフィルム/保護フィルム|screen protector|강화유리 필름|kính cường lực|pelindung skrin|ฟิล์มกระจก|pelindung layar/tempered glass|защитное стекло
cable l e 4 30 50 条|数据线|充電ケーブル|charging cable/usb cable|충전 케이블|cáp sạc|kabel pengecas|สายชาร์จ|kabel pengisi daya/kabel data|зарядный кабель
plug o e 8 60 90 个|充电器|充電器|charger/power adapter|충전기|củ sạc|pengecas|หัวชาร์จ|pengisi daya/charger|зарядное устройство
slab o e 15 90 280 个|充电宝|モバイルバッテリー|power bank|보조배터리|sạc dự phòng|bank kuasa|พาวเวอร์แบงค์|power bank|пауэрбанк/внешний аккумулятор
stand o m 6 40 180 个|手机支架|スマホスタンド|phone stand/phone holder|휴대폰 거치대|giá đỡ điện thoại|pemegang telefon|ที่วางโทรศัพท์|dudukan ponsel/holder hp|подставка для телефона
== - g e u|影音数码|オーディオ|audio and video|음향 영상|âm thanh hình ảnh|audio dan video|เครื่องเสียงและวิดีโอ|audio dan video|аудио и видео
earphone o p 20 140 60 副|蓝牙耳机|ワイヤレスイヤホン|wireless earphones/earbuds|무선 이어폰|tai nghe không dây|fon telinga tanpa wayar|หูฟังไร้สาย|earphone nirkabel/tws|беспроводные наушники
headphone o p 35 220 280 副|头戴式耳机|ヘッドホン|headphones/headset|헤드폰/헤드셋|tai nghe chụp tai|fon kepala|หูฟังครอบหู|headphone|накладные наушники
speaker o p 25 190 450 个|蓝牙音箱|ブルートゥーススピーカー|bluetooth speaker|블루투스 스피커|loa bluetooth|pembesar suara bluetooth|ลำโพงบลูทูธ|speaker bluetooth|bluetooth-колонка
camera o p 60 420 380 台|运动相机|アクションカメラ|action camera|액션캠|camera hành trình thể thao|kamera aksi|กล้องแอคชั่น|kamera aksi|экшн-камера
stand o m 15 90 520 个|自拍杆|自撮り棒|selfie stick/phone tripod|셀카봉|gậy tự sướng|batang swafoto|ไม้เซลฟี่|tongsis|селфи-палка
== - g n w|电脑周边|PC周辺機器|computer accessories|컴퓨터 주변기기|phụ kiện máy tính|aksesori komputer|อุปกรณ์คอมพิวเตอร์|aksesori komputer|аксессуары для компьютера
mouse o p 9 70 110 个|鼠标|マウス|mouse/wireless mouse|마우스|chuột máy tính|tetikus|เมาส์|mouse komputer|компьютерная мышь
keyboard o p 25 210 800 个|机械键盘|メカニカルキーボード/キーボード|mechanical keyboard|기계식 키보드/키보드|bàn phím cơ|papan kekunci mekanikal|คีย์บอร์ดเชิงกล/คีย์บอร์ด|keyboard mekanik|механическая клавиатура
mat o r 3 25 220 张|鼠标垫|マウスパッド|mouse pad/desk mat|마우스패드|lót chuột|pad tetikus|แผ่นรองเมาส์|alas mouse/mousepad|коврик для мыши
stand o m 20 120 900 个|笔记本支架|ノートパソコンスタンド|laptop stand|노트북 거치대|giá đỡ laptop|pemegang komputer riba|ขาตั้งโน้ตบุ๊ก|dudukan laptop|подставка для ноутбука
slab o m 12 90 90 个|扩展坞|USBハブ|usb hub/docking station|USB 허브|hub usb|hab usb|ยูเอสบีฮับ|hub usb|usb-хаб
== - g e h|智能穿戴|ウェアラブル|wearables|웨어러블|thiết bị đeo|peranti boleh pakai|อุปกรณ์สวมใส่|perangkat pintar|умные устройства
watch o m 45 320 60 块|智能手表|スマートウォッチ|smart watch|스마트워치|đồng hồ thông minh|jam pintar|สมาร์ทวอทช์/นาฬิกาอัจฉริยะ|jam tangan pintar/smartwatch|умные часы/смарт-часы
bracelet o r 25 160 40 条|智能手环|スマートバンド|fitness band/smart band|스마트 밴드|vòng tay thông minh|gelang pintar|สายรัดข้อมืออัจฉริยะ|gelang pintar/smartband|фитнес-браслет
camera o p 50 280 260 台|监控摄像头|防犯カメラ/見守りカメラ|security camera|감시 카메라|camera an ninh|kamera keselamatan|กล้องวงจรปิด|kamera keamanan/cctv|камера видеонаблюдения
== - g d h|小家电|生活家電|small appliances|소형 가전|gia dụng nhỏ|perkakas elektrik kecil|เครื่องใช้ไฟฟ้าขนาดเล็ก|peralatan rumah kecil|мелкая бытовая техника
fan o p 12 90 350 台|小风扇|ハンディファン/扇風機|portable fan/handheld fan|휴대용 선풍기|quạt mini|kipas mini|พัดลมพกพา|kipas angin mini|мини-вентилятор
kettle v u 30 150 1100 台|电热水壶|電気ケトル|electric kettle|전기 주전자|ấm siêu tốc|cerek elektrik|กาต้มน้ำไฟฟ้า|teko listrik|электрический чайник
dryer o p 25 190 600 台|吹风机|ドライヤー|hair dryer|헤어드라이어|máy sấy tóc|pengering rambut|ไดร์เป่าผม|pengering rambut/hairdryer|фен
vase o p 20 140 520 台|加湿器|加湿器|humidifier|가습기|máy tạo độ ẩm|pelembap udara|เครื่องทำความชื้น|pelembap udara/humidifier|увлажнитель воздуха
jar v x 30 160 900 台|榨汁机|ミキサー/ジューサー|portable blender/juicer|믹서기|máy xay sinh tố|pengisar jus|เครื่องปั่นน้ำผลไม้|blender portabel|блендер/соковыжималка
= 家居日用|インテリア・日用品|home living|홈 리빙|nhà cửa đời sống|barangan rumah|ของใช้ในบ้าน|perlengkapan rumah|дом и быт
== - h k h|杯壶/杯子|カップ・ボトル|drinkware|컵 물병|cốc và bình nước|cawan dan botol|แก้วและกระติก|gelas dan botol|кружки и бутылки
bottle v u 8 45 320 个|保温杯|水筒/ステンレスボトル|thermos bottle/vacuum flask|보온병/텀블러|bình giữ nhiệt|termos|กระติกน้ำร้อน|botol termos|термос/термокружка
cup v x 3 20 360 个|马克杯|マグカップ|mug|머그컵|cốc sứ|cawan|แก้วมัค|mug|кружка
cup v x 2 18 260 个|玻璃杯|グラス|drinking glass|유리컵|cốc thủy tinh|gelas|แก้วน้ำ|gelas kaca|стакан
bottle v p 6 40 180 个|运动水壶|スポーツボトル|sports water bottle|스포츠 물병|bình nước thể thao|botol air sukan|ขวดน้ำกีฬา|botol minum olahraga|спортивная бутылка
== - h h h|收纳|収納用品|storage|수납용품|đồ lưu trữ|penyimpanan|อุปกรณ์จัดเก็บ|penyimpanan|хранение
box d p 6 40 700 个|收纳盒|収納ボックス|storage box|수납함|hộp đựng đồ|kotak simpanan|กล่องเก็บของ|kotak penyimpanan|коробка для хранения
shelf d m 18 120 2600 个|置物架|ラック/収納棚|storage rack/shelf|선반|kệ để đồ|rak simpanan|ชั้นวางของ|rak serbaguna|стеллаж/полка
hook o m 1 12 60 个|挂钩|フック|wall hook|벽걸이 후크|móc treo|cangkuk|ตะขอแขวน|gantungan dinding|крючок
basket d w 8 55 650 个|脏衣篮|ランドリーバスケット|laundry basket|빨래 바구니|giỏ đựng đồ giặt|bakul pakaian|ตะกร้าผ้า|keranjang cucian|корзина для белья
bin o p 8 60 800 个|垃圾桶|ゴミ箱|trash can/garbage bin|휴지통|thùng rác|tong sampah|ถังขยะ|tempat sampah|мусорное ведро
== - h t h|床上用品|寝具|bedding|침구|chăn ga gối|kelengkapan tidur|เครื่องนอน|perlengkapan tidur|постельные принадлежности
pillow d h 12 70 500 个|抱枕|クッション|cushion/throw pillow|쿠션|gối ôm|kusyen|หมอนอิง|bantal sofa|декоративная подушка
blanket q h 30 160 2200 套|四件套|寝具セット|bedding set/duvet cover set|침구 세트|bộ chăn ga gối|set cadar|ชุดเครื่องนอน|set sprei|комплект постельного белья
blanket q h 18 95 1200 条|毛毯|毛布/ブランケット|blanket/throw|담요|chăn mỏng/mền|selimut|ผ้าห่ม|selimut|плед/одеяло
pillow o h 15 90 900 个|枕头|枕|pillow|베개|gối ngủ|bantal|หมอน|bantal tidur|подушка
== - h t h|家纺|ホームファブリック|home textiles|홈 패브릭|vải gia dụng|tekstil rumah|สิ่งทอในบ้าน|tekstil rumah|домашний текстиль
towel d h 4 22 220 条|毛巾|タオル|towel|수건|khăn tắm|tuala|ผ้าขนหนู|handuk|полотенце
curtain q h 20 130 1300 片|窗帘|カーテン|curtain|커튼|rèm cửa|langsir|ผ้าม่าน|gorden|штора
mat d h 12 95 1100 块|地毯|ラグ/カーペット|rug/carpet|러그/카펫|thảm trải sàn|permaidani|พรม|karpet|ковёр
mat d h 6 40 480 张|浴室地垫|バスマット|bath mat|욕실 매트|thảm nhà tắm|alas kaki bilik mandi|พรมเช็ดเท้า|keset kamar mandi|коврик для ванной
== - h h h|灯具|照明|lighting|조명|đèn|lampu|โคมไฟ|lampu|освещение
lamp o p 10 60 650 个|台灯|デスクライト|desk lamp|스탠드 조명|đèn bàn|lampu meja|โคมไฟตั้งโต๊ะ|lampu meja|настольная лампа
bulb o p 4 35 120 个|小夜灯|ナイトライト|night light|수면등/무드등|đèn ngủ|lampu malam|ไฟกลางคืน|lampu tidur|ночник
bulb l p 5 45 200 条|灯带|LEDテープライト|led strip light|LED 조명 띠|đèn led dây|lampu jalur led|ไฟเส้นแอลอีดี|lampu strip led|светодиодная лента
lamp o m 35 230 2100 盏|吊灯|ペンダントライト|pendant light/chandelier|펜던트 조명|đèn thả trần|lampu gantung|โคมไฟแขวน|lampu gantung|подвесной светильник
== - h h h|家居装饰|インテリア雑貨|home decor|홈 데코|trang trí nhà cửa|hiasan rumah|ของตกแต่งบ้าน|dekorasi rumah|декор
vase o x 8 70 700 个|花瓶|花瓶|vase|꽃병|bình hoa|pasu bunga|แจกัน|vas bunga|ваза
clock o w 15 95 800 个|挂钟|掛け時計|wall clock|벽시계|đồng hồ treo tường|jam dinding|นาฬิกาแขวน|jam dinding|настенные часы
frame d w 4 40 450 个|相框|フォトフレーム/写真立て|photo frame|액자|khung ảnh|bingkai gambar|กรอบรูป|bingkai foto|фоторамка
candle o x 5 45 260 个|香薰蜡烛|アロマキャンドル|scented candle|향초|nến thơm|lilin wangi|เทียนหอม|lilin aroma|ароматическая свеча
plant o p 5 50 380 盆|仿真花|造花|artificial flowers|조화|hoa giả|bunga tiruan|ดอกไม้ประดิษฐ์|bunga artifisial|искусственные цветы
mirror o m 10 85 750 面|化妆镜|化粧鏡/卓上ミラー|makeup mirror|화장 거울|gương trang điểm|cermin solek|กระจกแต่งหน้า|cermin rias|зеркало для макияжа
== - h h h|家具|家具|furniture|가구|nội thất|perabot|เฟอร์นิเจอร์|furnitur|мебель
chair o w 60 380 7200 把|办公椅|オフィスチェア|office chair|사무용 의자|ghế văn phòng|kerusi pejabat|เก้าอี้สำนักงาน|kursi kantor|офисное кресло
table d w 50 320 8500 张|折叠桌|折りたたみテーブル|folding table|접이식 테이블|bàn gấp|meja lipat|โต๊ะพับ|meja lipat|складной стол
sofa o h 120 520 9800 个|懒人沙发|ビーズソファ|bean bag sofa/bean bag chair|빈백 소파|ghế lười|sofa bean bag|โซฟาบีนแบ็ก|sofa bean bag|кресло-мешок
shelf d w 40 260 7600 个|鞋架|シューズラック|shoe rack|신발장|kệ giày|rak kasut|ชั้นวางรองเท้า|rak sepatu|обувница
= 厨房用品|キッチン用品|kitchenware|주방용품|đồ dùng nhà bếp|peralatan dapur|เครื่องครัว|peralatan dapur|кухонные товары
== - h k h|锅具|鍋・フライパン|cookware|냄비 프라이팬|nồi chảo|periuk dan kuali|หม้อและกระทะ|panci dan wajan|посуда для готовки
pan i m 15 90 1100 个|平底锅|フライパン|frying pan/skillet|프라이팬|chảo rán|kuali leper|กระทะ|wajan|сковорода
pot i m 25 150 1900 个|汤锅|両手鍋/鍋|soup pot/stockpot|냄비|nồi canh|periuk sup|หม้อซุป|panci sup|кастрюля
pot i m 20 120 1500 个|蒸锅|蒸し器|steamer pot|찜기|nồi hấp|periuk kukus|หม้อนึ่ง|panci kukus/kukusan|пароварка
== - h k h|厨房工具|調理器具|kitchen tools|조리도구|dụng cụ nhà bếp|alat dapur|อุปกรณ์ทำครัว|alat dapur|кухонные инструменты
knife o m 5 35 260 把|菜刀|包丁|kitchen knife|식칼|dao bếp|pisau dapur|มีดทำครัว|pisau dapur|кухонный нож
spoon o r 2 15 90 把|硅胶铲|シリコンスパチュラ/シリコンヘラ|spatula|주걱/뒤집개|xẻng nấu ăn|spatula|ตะหลิว|spatula|лопатка/силиконовая лопатка
board d w 6 50 900 块|砧板|まな板|cutting board/chopping board|도마|thớt|papan pemotong|เขียง|talenan|разделочная доска
jar v x 3 25 240 个|调料罐|調味料入れ|spice jar|양념통|hũ gia vị|bekas rempah|ขวดเครื่องปรุง|tempat bumbu|банка для специй
knife o p 2 20 120 个|削皮刀|ピーラー|vegetable peeler/peeler|필러/감자칼|dao gọt vỏ|pengupas sayur|ที่ปอกเปลือก|pengupas sayur|овощечистка
== - h k h|餐具|食器|tableware|식기|bộ đồ ăn|pinggan mangkuk|ภาชนะบนโต๊ะอาหาร|peralatan makan|столовая посуда
spoon o m 4 28 240 套|刀叉勺套装|カトラリーセット|cutlery set|수저 세트/커트러리|bộ dao nĩa|set sudu garpu|ชุดช้อนส้อม|set alat makan|набор столовых приборов
bowl i x 2 20 320 个|碗|茶碗/ボウル|bowl|그릇/볼|bát/tô|mangkuk|ชาม|mangkuk|миска
plate i x 3 28 420 个|盘子|皿/プレート|plate/dinner plate|접시|đĩa|pinggan|จาน|piring|тарелка
spoon o w 1 9 40 双|筷子|箸|chopsticks|젓가락|đũa|penyepit|ตะเกียบ|sumpit|палочки для еды
== - h k h|保鲜储物|保存容器|food storage|식품 보관|bảo quản thực phẩm|simpanan makanan|ถนอมอาหาร|penyimpanan makanan|хранение продуктов
box v u 6 40 380 个|饭盒|弁当箱|lunch box/bento box|도시락|hộp cơm|bekas makanan|กล่องข้าว|kotak makan|ланч-бокс
box v x 4 30 300 个|保鲜盒|保存容器セット/タッパー|food container/fresh box|밀폐용기/반찬통|hộp bảo quản thực phẩm|bekas kedap udara|กล่องถนอมอาหาร|wadah makanan|контейнер для еды
pouch o r 1 12 60 个|保鲜袋|保存袋|zip bag/reusable food bag|지퍼백|túi bảo quản|beg zip makanan|ถุงซิปล็อก|kantong ziplock|пакет с застёжкой
= 美妆个护|コスメ・ボディケア|beauty and personal care|뷰티|làm đẹp|kecantikan|ความงาม|kecantikan|красота и уход
== w y y -|彩妆|メイクアップ|makeup|색조 화장품|trang điểm|solekan|เมคอัพ|makeup|макияж
lipstick o c 3 25 40 支|口红|口紅/リップ|lipstick|립스틱|son môi|gincu|ลิปสติก|lipstik|помада
box o c 6 50 130 盒|眼影盘|アイシャドウパレット|eyeshadow palette|아이섀도 팔레트|bảng phấn mắt|palet pembayang mata|พาเลตต์อายแชโดว์|palet eyeshadow|палетка теней
jar o c 6 45 90 个|粉饼|ファンデーション・パウダー/フェイスパウダー|pressed powder|파우더 팩트|phấn phủ|bedak padat|แป้งพัฟ|bedak padat|компактная пудра
lipstick o c 3 28 25 支|睫毛膏|マスカラ|mascara|마스카라|mascara|maskara|มาสคาร่า|maskara|тушь для ресниц
brush o p 1 12 20 副|假睫毛|つけまつげ|false eyelashes|속눈썹|mi giả|bulu mata palsu|ขนตาปลอม|bulu mata palsu|накладные ресницы
== w y y -|护肤|スキンケア|skin care|스킨케어|chăm sóc da|penjagaan kulit|สกินแคร์|perawatan kulit|уход за кожей
jar g c 8 60 160 瓶|面霜|フェイスクリーム|face cream/moisturizer|페이스 크림|kem dưỡng da|krim muka|ครีมบำรุงผิวหน้า|krim wajah|крем для лица
tube g c 6 45 150 支|洗面奶|洗顔フォーム|facial cleanser/face wash|클렌징폼|sữa rửa mặt|pencuci muka|โฟมล้างหน้า|sabun cuci muka|пенка для умывания
bottle v c 7 55 180 瓶|爽肤水|化粧水|toner|토너|nước hoa hồng|toner|โทนเนอร์|toner|тоник для лица
pouch o c 1 12 30 片|面膜|フェイスマスク/パック|face mask/sheet mask|마스크팩|mặt nạ dưỡng da|topeng muka|แผ่นมาสก์หน้า|masker wajah|тканевая маска
tube g c 5 40 90 支|防晒霜|日焼け止め|sunscreen|선크림|kem chống nắng|pelindung matahari|ครีมกันแดด|tabir surya/sunscreen|солнцезащитный крем
== w y y -|美妆工具|メイク道具|beauty tools|뷰티 도구|dụng cụ làm đẹp|alat kecantikan|อุปกรณ์เสริมสวย|alat kecantikan|инструменты для красоты
brush o p 4 30 120 套|化妆刷|メイクブラシ|makeup brushes|메이크업 브러시|cọ trang điểm|berus solek|แปรงแต่งหน้า|kuas rias|кисти для макияжа
comb o w 2 25 90 把|梳子|ヘアブラシ/くし|hair brush/comb|빗|lược chải tóc|sikat rambut|หวี|sisir|расчёска
dryer o p 18 120 420 个|卷发棒|ヘアアイロン|curling iron|고데기|máy uốn tóc|pengeriting rambut|ที่ม้วนผม|alat keriting rambut/catokan|плойка
scissors o m 3 30 110 套|指甲刀套装|爪切りセット|nail clipper set/manicure set|손톱깎이 세트|bộ cắt móng tay|set pengetip kuku|ชุดตัดเล็บ|set gunting kuku|маникюрный набор
== - y y -|洗护|バス・ヘアケア|bath and hair care|바디 헤어케어|tắm gội|mandian dan rambut|อาบน้ำและดูแลผม|perawatan tubuh dan rambut|уход за телом и волосами
bottle v c 8 50 520 瓶|洗发水|シャンプー|shampoo|샴푸|dầu gội|syampu|แชมพู|sampo|шампунь
bottle v c 8 48 540 瓶|沐浴露|ボディソープ|body wash/shower gel|바디워시|sữa tắm|gel mandian|ครีมอาบน้ำ|sabun mandi cair|гель для душа
brush o p 1 12 25 支|牙刷|歯ブラシ|toothbrush|칫솔|bàn chải đánh răng|berus gigi|แปรงสีฟัน|sikat gigi|зубная щётка
bottle v c 12 90 160 瓶|香水|香水|perfume|향수|nước hoa|minyak wangi|น้ำหอม|parfum|духи
= 饰品|アクセサリー|jewelry|쥬얼리|trang sức|barang kemas|เครื่องประดับ|perhiasan|украшения
== w f j -|首饰|ジュエリー|fine jewelry|주얼리|nữ trang|perhiasan|จิวเวลรี|aksesori perhiasan|ювелирные украшения
necklace o j 2 30 25 条|项链|ネックレス|necklace|목걸이|dây chuyền|rantai leher|สร้อยคอ|kalung|ожерелье/цепочка
earring o j 1 20 12 对|耳环|イヤリング/ピアス|earrings|귀걸이|bông tai/khuyên tai|anting-anting|ต่างหู|anting|серьги
bracelet o j 2 28 20 条|手链|ブレスレット|bracelet|팔찌|lắc tay/vòng tay|gelang tangan|สร้อยข้อมือ|gelang|браслет
ring w j 1 22 8 枚|戒指|指輪/リング|ring|반지|nhẫn|cincin|แหวน|cincin|кольцо
== w f j -|发饰|ヘアアクセサリー|hair accessories|헤어 액세서리|phụ kiện tóc|aksesori rambut|เครื่องประดับผม|aksesori rambut|украшения для волос
hairclip o p 2 18 20 个|发夹|ヘアクリップ|hair clip|머리핀|kẹp tóc|klip rambut|กิ๊บติดผม|jepit rambut|заколка для волос
hairclip o n 1 10 10 个|发圈|ヘアゴム/シュシュ|hair tie/scrunchie|머리끈/곱창밴드|dây buộc tóc|getah rambut|ยางรัดผม|ikat rambut|резинка для волос
hairclip o f 2 20 35 个|发箍|カチューシャ|headband|머리띠|băng đô|cekak rambut|ที่คาดผม|bando|ободок
== a f j -|手表眼镜|時計・メガネ|watches and glasses|시계 안경|đồng hồ và kính mắt|jam dan cermin mata|นาฬิกาและแว่นตา|jam tangan dan kacamata|часы и очки
watch o l 10 80 70 块|石英手表|腕時計|wristwatch/quartz watch|손목시계|đồng hồ đeo tay|jam tangan|นาฬิกาข้อมือ|jam tangan|наручные часы
glasses o p 5 50 35 副|太阳镜|サングラス|sunglasses|선글라스|kính râm|cermin mata hitam|แว่นกันแดด|kacamata hitam|солнцезащитные очки
glasses o p 6 55 30 副|防蓝光眼镜|ブルーライトカットメガネ|blue light glasses|블루라이트 차단 안경|kính chống ánh sáng xanh|cermin mata anti cahaya biru|แว่นกรองแสง|kacamata anti radiasi|очки от синего света
= 宠物用品|ペット用品|pet supplies|반려동물 용품|đồ cho thú cưng|barangan haiwan|อุปกรณ์สัตว์เลี้ยง|perlengkapan hewan|товары для животных
== - h p p|宠物窝垫|ペットベッド|pet beds|반려동물 침대|ổ đệm thú cưng|katil haiwan|ที่นอนสัตว์เลี้ยง|tempat tidur hewan|лежанки
petbed d h 10 70 700 个|猫窝|猫ベッド/キャットハウス|cat bed/cat house|고양이 침대|ổ mèo|katil kucing|ที่นอนแมว|tempat tidur kucing|лежанка для кошки
petbed d h 15 95 1100 个|狗窝|犬用ベッド|dog bed|강아지 침대|ổ chó|katil anjing|ที่นอนสุนัข|tempat tidur anjing|лежанка для собаки
shelf d w 30 220 4200 个|猫爬架|キャットタワー|cat tree/cat tower|캣타워|cây leo cho mèo|pokok kucing|คอนโดแมว|menara kucing|когтеточка-домик
== - g p p|宠物玩具|ペットおもちゃ|pet toys|반려동물 장난감|đồ chơi thú cưng|mainan haiwan|ของเล่นสัตว์เลี้ยง|mainan hewan|игрушки для животных
bone o r 3 30 130 个|狗玩具|犬用おもちゃ|dog toy|강아지 장난감|đồ chơi cho chó|mainan anjing|ของเล่นสุนัข|mainan anjing|игрушка для собак
fish o y 2 22 50 个|逗猫棒|猫じゃらし|cat teaser/cat toy|고양이 낚싯대|cần câu mèo|mainan kucing|ไม้ล่อแมว|mainan kucing|дразнилка для кошек
== - g p p|宠物出行|お散歩用品|pet walking|산책 용품|dắt thú cưng|keluar bersama haiwan|อุปกรณ์พาเดิน|perlengkapan jalan hewan|прогулка с питомцем
leash z g 6 45 180 套|狗牵引绳|犬用リード|dog leash|강아지 목줄/리드줄|dây dắt chó|tali anjing|สายจูงสุนัข|tali anjing|поводок для собаки
leash z g 3 30 70 个|宠物项圈|ペット首輪|pet collar|반려동물 목걸이|vòng cổ thú cưng|kolar haiwan|ปลอกคอสัตว์เลี้ยง|kalung hewan|ошейник
backpack o g 30 160 1300 个|宠物包|ペットキャリー|pet carrier|반려동물 이동가방|túi đựng thú cưng|beg haiwan|กระเป๋าสัตว์เลี้ยง|tas hewan|переноска для животных
== - g p p|宠物喂养|ペット食器・トイレ|feeding and litter|급식 용품|ăn uống và vệ sinh thú cưng|makan dan tandas haiwan|อาหารและห้องน้ำสัตว์เลี้ยง|makan dan toilet hewan|кормление и туалет
bowl i x 3 35 320 个|宠物碗|ペット食器|pet bowl|반려동물 식기|bát ăn thú cưng|mangkuk haiwan|ชามอาหารสัตว์|mangkuk hewan|миска для животных
box d p 20 140 1700 个|猫砂盆|猫トイレ|cat litter box|고양이 화장실|khay vệ sinh mèo|bekas pasir kucing|ห้องน้ำแมว|kotak pasir kucing|лоток для кошки
comb o m 4 35 110 把|宠物梳|ペットブラシ|pet grooming brush|반려동물 빗|lược chải lông|sikat bulu haiwan|แปรงขนสัตว์เลี้ยง|sikat bulu hewan|щётка для шерсти
= 文具玩具|文房具・おもちゃ|stationery and toys|문구 완구|văn phòng phẩm và đồ chơi|alat tulis dan mainan|เครื่องเขียนและของเล่น|alat tulis dan mainan|канцтовары и игрушки
== - k w w|办公文具|文房具|stationery|문구|văn phòng phẩm|alat tulis|เครื่องเขียน|alat tulis|канцелярия
book e t 2 18 220 本|笔记本|ノート/手帳|notebook/journal|노트/다이어리|sổ tay|buku nota|สมุดโน้ต|buku catatan|блокнот/записная книжка
pen o p 1 12 15 支|中性笔|ボールペン|gel pen|볼펜|bút bi/bút gel|pen gel|ปากกาเจล|pulpen gel|гелевая ручка
tape o t 1 10 40 卷|和纸胶带|マスキングテープ|washi tape|마스킹 테이프|băng dính washi|pita washi|เทปวาชิ|selotip washi|декоративная клейкая лента
pouch o g 3 25 120 个|笔袋|ペンケース/筆箱|pencil case|필통|hộp bút/túi bút|bekas pensel|กระเป๋าดินสอ|kotak pensil|пенал
book e t 1 9 160 个|文件夹|ファイル|file folder|파일 폴더|bìa kẹp tài liệu|fail|แฟ้มเอกสาร|map dokumen|папка для бумаг
== k k q t|益智玩具|知育玩具|educational toys|교육 완구|đồ chơi trí tuệ|mainan pendidikan|ของเล่นเสริมทักษะ|mainan edukasi|развивающие игрушки
blocks e y 10 90 700 盒|积木|ブロック/積み木|building blocks|블록|đồ chơi xếp hình|blok binaan|ตัวต่อ|balok susun|конструктор/кубики
puzzle e t 4 40 350 盒|拼图|ジグソーパズル/パズル|jigsaw puzzle|퍼즐|tranh ghép hình|susun suai gambar|จิ๊กซอว์|puzzle|пазл
puzzle o p 3 35 110 个|魔方|マジックキューブ|puzzle cube/magic cube|큐브|khối rubik|kiub ajaib|ลูกบาศก์ปริศนา|kubus rubik|кубик-головоломка
== k k q t|模型玩偶|人形・模型|dolls and models|인형 모형|búp bê và mô hình|patung dan model|ตุ๊กตาและโมเดล|boneka dan model|куклы и модели
plush d y 8 60 320 个|毛绒玩具|ぬいぐるみ|plush toy/stuffed animal|인형/봉제인형|thú nhồi bông|mainan lembut|ตุ๊กตา|boneka|мягкая игрушка
toycar o m 5 65 260 辆|遥控车|ラジコンカー|remote control car/rc car|RC카|xe điều khiển từ xa|kereta kawalan jauh|รถบังคับ|mobil remote|машинка на радиоуправлении
doll o p 8 75 300 个|洋娃娃|着せ替え人形|fashion doll|마론인형|búp bê|anak patung|ตุ๊กตาเด็กผู้หญิง|boneka perempuan|кукла
== - k q t|节庆派对|パーティー用品|party supplies|파티 용품|đồ tiệc|barangan parti|ของใช้ปาร์ตี้|perlengkapan pesta|товары для праздника
balloon o r 1 15 90 包|气球|風船/バルーン|balloons|풍선|bóng bay|belon|ลูกโป่ง|balon|воздушные шары
box o t 1 18 120 个|礼品盒|ギフトボックス|gift box|선물 상자|hộp quà|kotak hadiah|กล่องของขวัญ|kotak kado|подарочная коробка
kite o n 5 45 220 个|风筝|凧|kite|연|diều|wau/layang-layang|ว่าว|layang-layang|воздушный змей
= 运动户外|スポーツ・アウトドア|sports and outdoor|스포츠 아웃도어|thể thao và dã ngoại|sukan dan luar|กีฬาและกลางแจ้ง|olahraga dan luar ruang|спорт и отдых
== - g o o|露营装备|キャンプ用品|camping gear|캠핑 장비|đồ cắm trại|peralatan berkhemah|อุปกรณ์แคมป์ปิ้ง|perlengkapan kemah|снаряжение для кемпинга
tent d n 40 260 3200 顶|帐篷|テント|tent|텐트|lều|khemah|เต็นท์|tenda|палатка
pouch q n 30 190 1500 个|睡袋|寝袋/シュラフ|sleeping bag|침낭|túi ngủ|beg tidur|ถุงนอน|kantong tidur|спальный мешок
chair o m 22 140 2400 把|折叠椅|アウトドアチェア/折りたたみ椅子|camping chair/folding chair|캠핑 의자|ghế xếp dã ngoại|kerusi lipat|เก้าอี้สนาม|kursi lipat|складной стул
lamp o p 12 90 380 个|露营灯|ランタン|camping lantern|캠핑 랜턴|đèn cắm trại|lampu khemah|ตะเกียงแคมป์ปิ้ง|lampu kemah|кемпинговый фонарь
umbrella o n 6 40 380 把|雨伞|傘|umbrella|우산|ô|payung|ร่ม|payung|зонт
== - g o o|健身器材|フィットネス用品|fitness equipment|피트니스 용품|dụng cụ tập gym|peralatan kecergasan|อุปกรณ์ฟิตเนส|alat kebugaran|фитнес-оборудование
mat d r 12 80 1200 张|瑜伽垫|ヨガマット|yoga mat|요가 매트|thảm yoga|tikar yoga|เสื่อโยคะ|matras yoga|коврик для йоги
dumbbell o m 15 150 3000 副|哑铃|ダンベル|dumbbells|덤벨/아령|tạ tay|dumbel|ดัมเบล|dumbel|гантели
rope o r 3 35 220 根|跳绳|縄跳び|jump rope/skipping rope|줄넘기|dây nhảy|tali lompat|เชือกกระโดด|lompat tali/skipping|скакалка
rope o r 3 40 150 条|拉力带|トレーニングチューブ|resistance band|저항 밴드|dây kháng lực|jalur rintangan|ยางยืดออกกำลังกาย|karet fitness/resistance band|фитнес-резинка
== - g o o|球类运动|球技|ball sports|구기|thể thao bóng|sukan bola|กีฬาลูกบอล|olahraga bola|игры с мячом
ball o r 15 110 620 个|篮球|バスケットボール|basketball|농구공|bóng rổ|bola keranjang|ลูกบาสเกตบอล|bola basket|баскетбольный мяч
ball o r 15 110 440 个|足球|サッカーボール|football/soccer ball|축구공|bóng đá|bola sepak|ลูกฟุตบอล|bola sepak|футбольный мяч
racket o m 20 180 280 副|羽毛球拍|バドミントンラケット|badminton racket|배드민턴 라켓|vợt cầu lông|raket badminton|ไม้แบดมินตัน|raket bulu tangkis|ракетка для бадминтона
== - g o o|骑行垂钓|サイクリング・釣り|cycling and fishing|자전거 낚시|đạp xe câu cá|berbasikal dan memancing|ปั่นจักรยานและตกปลา|bersepeda dan memancing|велоспорт и рыбалка
hat o p 20 140 320 顶|骑行头盔|サイクルヘルメット|bike helmet/cycling helmet|자전거 헬멧|mũ bảo hiểm xe đạp|topi keledar basikal|หมวกจักรยาน|helm sepeda|велошлем
rod o m 25 220 400 根|鱼竿|釣り竿|fishing rod|낚싯대|cần câu|joran|คันเบ็ด|joran pancing|удочка
bicycle o m 180 720 14500 辆|折叠自行车|折りたたみ自転車|folding bicycle/bike|접이식 자전거|xe đạp gấp|basikal lipat|จักรยานพับ|sepeda lipat|складной велосипед
fish o r 1 18 15 个|路亚饵|ルアー|fishing lure|루어|mồi câu giả|umpan pancing|เหยื่อปลอม|umpan pancing|приманка для рыбалки
= 汽车工具|カー用品・工具|auto and tools|자동차 공구|ô tô và dụng cụ|automotif dan alatan|รถยนต์และเครื่องมือ|otomotif dan perkakas|авто и инструменты
== - g a a|汽车用品|カー用品|car accessories|자동차 용품|phụ kiện ô tô|aksesori kereta|อุปกรณ์รถยนต์|aksesori mobil|автотовары
seat o h 35 280 2100 个|汽车坐垫|シートカバー/カーシート|car seat cushion/seat cover|차량용 방석|lót ghế ô tô|kusyen kereta|เบาะรองนั่งรถ|bantalan jok mobil|накидка на сиденье
stand o m 6 50 130 个|车载支架|車載ホルダー|car phone holder/car mount|차량용 거치대|giá đỡ điện thoại ô tô|pemegang telefon kereta|ที่วางมือถือในรถ|holder hp mobil|автомобильный держатель
wheel o l 12 90 650 个|方向盘套|ハンドルカバー|steering wheel cover|핸들 커버|bọc vô lăng|sarung stereng|หุ้มพวงมาลัย|sarung setir|оплётка на руль
slab o p 20 190 900 台|车载吸尘器|カークリーナー/車載掃除機|car vacuum cleaner|차량용 청소기|máy hút bụi ô tô|vakum kereta|เครื่องดูดฝุ่นในรถ|vakum mobil|автопылесос
== - g a a|手动工具|工具|hand tools|수공구|dụng cụ cầm tay|alatan tangan|เครื่องมือช่าง|perkakas tangan|ручной инструмент
wrench o m 6 70 420 把|扳手|レンチ|wrench/spanner|렌치|cờ lê|sepana|ประแจ|kunci pas|гаечный ключ
screwdriver o m 4 60 350 套|螺丝刀|ドライバーセット|screwdriver set|드라이버 세트|bộ tua vít|set pemutar skru|ชุดไขควง|set obeng|набор отвёрток
tape o m 3 30 260 个|卷尺|メジャー|tape measure|줄자|thước cuộn|pita ukur|ตลับเมตร|meteran|рулетка
== - g a a|电动工具|電動工具|power tools|전동 공구|dụng cụ điện|alatan kuasa|เครื่องมือไฟฟ้า|perkakas listrik|электроинструмент
drill o m 60 360 1600 台|电钻|電動ドリル|electric drill/cordless drill|전동 드릴|máy khoan|gerudi elektrik|สว่านไฟฟ้า|bor listrik|электродрель
pump o m 25 180 700 台|充气泵|空気入れ/エアポンプ|air pump/tire inflator|에어펌프|máy bơm hơi|pam angin|ปั๊มลม|pompa angin|насос/компрессор
== - g a a|五金安防|金物・防犯|hardware and security|철물 보안|kim khí và an ninh|perkakasan dan keselamatan|ฮาร์ดแวร์และความปลอดภัย|perangkat keras dan keamanan|крепёж и безопасность
lock o m 5 75 280 把|密码锁|ダイヤル錠/南京錠|combination lock/padlock|자물쇠|khóa số|mangga kombinasi|กุญแจรหัส|gembok kombinasi|кодовый замок
screw o m 1 15 200 包|螺丝|ネジ|screws|나사|ốc vít|skru|สกรู|sekrup|винты/саморезы
lamp o m 8 90 220 个|手电筒|懐中電灯|flashlight/torch|손전등|đèn pin|lampu suluh|ไฟฉาย|senter|фонарик
= 食品饮料|食品・飲料|food and drinks|식품 음료|thực phẩm và đồ uống|makanan dan minuman|อาหารและเครื่องดื่ม|makanan dan minuman|продукты и напитки
== - y i u|休闲零食|お菓子|snacks|간식|đồ ăn vặt|snek|ขนมขบเคี้ยว|camilan|снеки
box o i 3 30 200 盒|饼干|ビスケット/クッキー|biscuits/cookies|비스킷/쿠키|bánh quy|biskut|บิสกิต/คุกกี้|biskuit/kue kering|печенье
pouch o i 5 45 250 包|坚果|ミックスナッツ/ナッツ|mixed nuts/nuts|견과류|hạt dinh dưỡng|kacang campuran|ถั่วรวม|kacang campur|орехи
pouch o i 2 25 150 包|糖果|キャンディ/飴|candy/sweets|사탕|kẹo|gula-gula|ลูกอม|permen|конфеты
box o i 6 60 120 盒|巧克力|チョコレート|chocolate|초콜릿|sô cô la|coklat snek|ช็อกโกแลต|cokelat batang|шоколад
pouch o i 3 20 100 包|薯片|ポテトチップス|potato chips/crisps|감자칩|khoai tây chiên|kerepek kentang|มันฝรั่งทอดกรอบ|keripik kentang|чипсы
== - y i u|茶饮冲调|お茶・飲料|tea and instant drinks|차 음료|trà và đồ uống|teh dan minuman segera|ชาและเครื่องดื่ม|teh dan minuman instan|чай и напитки
jar o i 10 120 150 盒|茶叶|茶葉|tea leaves/tea|찻잎|lá trà|daun teh|ใบชา|daun teh|листовой чай
pouch o i 8 70 300 包|咖啡粉|コーヒー粉/コーヒー|ground coffee/coffee|커피 가루/커피|cà phê bột|serbuk kopi|กาแฟบด|bubuk kopi|молотый кофе
box o i 6 55 400 盒|麦片|シリアル/グラノーラ|cereal/oatmeal|시리얼|ngũ cốc|bijirin|ซีเรียล|sereal|хлопья
`
