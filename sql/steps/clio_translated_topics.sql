-- clio_translated_topics(): the topics of clio_topics in other languages, VARCHAR[][]: a list for each topic, in the order of languages that
-- the first list says. A cluster that is mostly in one of these languages is called in it. Plain nouns, like the English ones; they were
-- not looked at by people who grew up with each language. One text, since DuckDB plans a query with thousands of constants slowly.
create or replace macro clio_translated_topics() as
    list_transform(string_split(trim('
English | German | Spanish | French | Italian | Portuguese | Russian | Arabic | Hindi | Japanese | Korean | Chinese
Card payments | Kartenzahlungen | Pagos con tarjeta | Paiements par carte | Pagamenti con carta | Pagamentos com cartão | Оплата картой | المدفوعات بالبطاقة | कार्ड से भुगतान | カード決済 | 카드 결제 | 银行卡支付
Bank accounts | Bankkonten | Cuentas bancarias | Comptes bancaires | Conti bancari | Contas bancárias | Банковские счета | الحسابات المصرفية | बैंक खाते | 銀行口座 | 은행 계좌 | 银行账户
Bank cards | Bankkarten | Tarjetas bancarias | Cartes bancaires | Carte bancarie | Cartões bancários | Банковские карты | البطاقات المصرفية | बैंक कार्ड | 銀行カード | 은행 카드 | 银行卡
Cash machines and withdrawals | Geldautomaten und Abhebungen | Cajeros y retiradas de efectivo | Distributeurs et retraits | Bancomat e prelievi | Caixas eletrônicos e saques | Банкоматы и снятие наличных | أجهزة الصراف وسحب النقود | एटीएम और नकद निकासी | ATMと現金の引き出し | 현금 인출기와 출금 | 取款机和取现
Money transfers | Überweisungen | Transferencias de dinero | Virements | Trasferimenti di denaro | Transferências de dinheiro | Денежные переводы | تحويل الأموال | पैसे भेजना | 送金 | 송금 | 转账
Currencies and exchange rates | Währungen und Wechselkurse | Divisas y tipos de cambio | Devises et taux de change | Valute e tassi di cambio | Moedas e taxas de câmbio | Валюты и обменные курсы | العملات وأسعار الصرف | मुद्राएँ और विनिमय दर | 通貨と為替レート | 통화와 환율 | 货币和汇率
Fees and charges | Gebühren und Kosten | Comisiones y cargos | Frais et commissions | Commissioni e spese | Taxas e tarifas | Комиссии и сборы | الرسوم والعمولات | शुल्क और प्रभार | 手数料 | 수수료 | 手续费
Topping up an account | Konto aufladen | Recarga de una cuenta | Recharge d''un compte | Ricarica di un conto | Recarga de conta | Пополнение счёта | شحن رصيد الحساب | खाते में पैसे डालना | 口座への入金 | 계좌 충전 | 账户充值
Identity checks | Identitätsprüfungen | Verificación de identidad | Vérification d''identité | Verifica dell''identità | Verificação de identidade | Проверка личности | التحقق من الهوية | पहचान की जाँच | 本人確認 | 신원 확인 | 身份验证
Passwords and PINs | Passwörter und PINs | Contraseñas y PIN | Mots de passe et codes PIN | Password e PIN | Senhas e PINs | Пароли и ПИН-коды | كلمات المرور والأرقام السرية | पासवर्ड और पिन | パスワードと暗証番号 | 비밀번호 | 密码
Refunds and returns | Erstattungen und Rückgaben | Reembolsos y devoluciones | Remboursements et retours | Rimborsi e resi | Reembolsos e devoluções | Возвраты и компенсации | استرداد الأموال والمرتجعات | धनवापसी और वापसी | 返金と返品 | 환불과 반품 | 退款和退货
Lost and stolen cards | Verlorene und gestohlene Karten | Tarjetas perdidas y robadas | Cartes perdues et volées | Carte smarrite e rubate | Cartões perdidos e roubados | Потерянные и украденные карты | البطاقات المفقودة والمسروقة | खोए और चोरी हुए कार्ड | カードの紛失と盗難 | 카드 분실과 도난 | 银行卡丢失和被盗
Ordering a card | Karte bestellen | Solicitud de una tarjeta | Commande d''une carte | Richiesta di una carta | Pedido de cartão | Заказ карты | طلب بطاقة | कार्ड मँगवाना | カードの申し込み | 카드 신청 | 申请银行卡
Card delivery | Kartenlieferung | Entrega de tarjetas | Livraison de cartes | Consegna di carte | Entrega de cartões | Доставка карты | توصيل البطاقات | कार्ड की डिलीवरी | カードの配送 | 카드 배송 | 银行卡寄送
Failed payments | Fehlgeschlagene Zahlungen | Pagos fallidos | Paiements échoués | Pagamenti non riusciti | Pagamentos com falha | Неудачные платежи | المدفوعات الفاشلة | असफल भुगतान | 支払いの失敗 | 결제 실패 | 支付失败
Cheques and deposits | Schecks und Einzahlungen | Cheques y depósitos | Chèques et dépôts | Assegni e depositi | Cheques e depósitos | Чеки и вклады | الشيكات والإيداعات | चेक और जमा | 小切手と預け入れ | 수표와 입금 | 支票和存款
Direct debits and standing orders | Lastschriften und Daueraufträge | Domiciliaciones y órdenes permanentes | Prélèvements et virements permanents | Addebiti diretti e ordini permanenti | Débitos automáticos | Автоплатежи | الخصم المباشر والأوامر الدائمة | स्वचालित भुगतान | 自動引き落とし | 자동 이체 | 自动扣款
Statements and balances | Kontoauszüge und Kontostände | Extractos y saldos | Relevés et soldes | Estratti conto e saldi | Extratos e saldos | Выписки и остатки | كشوف الحساب والأرصدة | विवरण और शेष राशि | 明細と残高 | 거래 내역과 잔액 | 账单和余额
Personal details | Persönliche Angaben | Datos personales | Informations personnelles | Dati personali | Dados pessoais | Личные данные | البيانات الشخصية | व्यक्तिगत जानकारी | 個人情報 | 개인 정보 | 个人资料
Mobile payments | Mobiles Bezahlen | Pagos móviles | Paiements mobiles | Pagamenti mobili | Pagamentos pelo celular | Мобильные платежи | الدفع عبر الهاتف | मोबाइल भुगतान | モバイル決済 | 모바일 결제 | 移动支付
Saving and investing | Sparen und Anlegen | Ahorro e inversión | Épargne et investissement | Risparmio e investimenti | Poupança e investimentos | Сбережения и инвестиции | الادخار والاستثمار | बचत और निवेश | 貯蓄と投資 | 저축과 투자 | 储蓄和投资
Stocks and shares | Aktien | Acciones y bolsa | Actions et bourse | Azioni e borsa | Ações e bolsa | Акции и биржа | الأسهم | शेयर बाज़ार | 株式 | 주식 | 股票
Cryptocurrencies | Kryptowährungen | Criptomonedas | Cryptomonnaies | Criptovalute | Criptomoedas | Криптовалюты | العملات الرقمية | क्रिप्टोकरेंसी | 暗号資産 | 암호화폐 | 加密货币
Insurance | Versicherungen | Seguros | Assurances | Assicurazioni | Seguros | Страхование | التأمين | बीमा | 保険 | 보험 | 保险
Taxes | Steuern | Impuestos | Impôts | Tasse | Impostos | Налоги | الضرائب | कर | 税金 | 세금 | 税务
Budgeting | Haushaltsplanung | Presupuestos | Gestion du budget | Gestione del budget | Orçamento | Планирование бюджета | إعداد الميزانية | बजट बनाना | 家計と予算 | 예산 관리 | 预算
Accounting and bookkeeping | Buchhaltung | Contabilidad | Comptabilité | Contabilità | Contabilidade | Бухгалтерский учёт | المحاسبة | लेखांकन | 会計と簿記 | 회계와 장부 | 会计和记账
Invoices and billing | Rechnungen | Facturas y facturación | Factures et facturation | Fatture e fatturazione | Faturas e cobranças | Счета и оплата | الفواتير | बिल और चालान | 請求書 | 청구서 | 发票和账单
Subscriptions and cancellations | Abonnements und Kündigungen | Suscripciones y cancelaciones | Abonnements et résiliations | Abbonamenti e disdette | Assinaturas e cancelamentos | Подписки и их отмена | الاشتراكات والإلغاء | सदस्यता और रद्दीकरण | 定期購入と解約 | 구독과 해지 | 订阅和取消
Payroll and wages | Löhne und Gehälter | Nóminas y salarios | Paie et salaires | Buste paga e stipendi | Folha de pagamento e salários | Зарплата | الرواتب والأجور | वेतन | 給与 | 급여 | 工资
Online shopping | Online-Einkäufe | Compras en línea | Achats en ligne | Acquisti online | Compras on-line | Покупки в интернете | التسوق عبر الإنترنت | ऑनलाइन खरीदारी | オンラインショッピング | 온라인 쇼핑 | 网上购物
Orders and deliveries | Bestellungen und Lieferungen | Pedidos y entregas | Commandes et livraisons | Ordini e consegne | Pedidos e entregas | Заказы и доставка | الطلبات والتوصيل | ऑर्डर और डिलीवरी | 注文と配送 | 주문과 배송 | 订单和配送
Prices and discounts | Preise und Rabatte | Precios y descuentos | Prix et réductions | Prezzi e sconti | Preços e descontos | Цены и скидки | الأسعار والخصومات | कीमतें और छूट | 価格と割引 | 가격과 할인 | 价格和折扣
Product recommendations | Produktempfehlungen | Recomendaciones de productos | Recommandations de produits | Consigli sui prodotti | Recomendações de produtos | Рекомендации товаров | توصيات المنتجات | उत्पाद की सिफ़ारिशें | 商品のおすすめ | 제품 추천 | 产品推荐
Product descriptions | Produktbeschreibungen | Descripciones de productos | Descriptions de produits | Descrizioni di prodotti | Descrições de produtos | Описания товаров | أوصاف المنتجات | उत्पाद के विवरण | 商品説明 | 제품 설명 | 产品描述
Gifts | Geschenke | Regalos | Cadeaux | Regali | Presentes | Подарки | الهدايا | उपहार | プレゼント | 선물 | 礼物
Clothes and fashion | Kleidung und Mode | Ropa y moda | Vêtements et mode | Abbigliamento e moda | Roupas e moda | Одежда и мода | الملابس والموضة | कपड़े और फ़ैशन | 服とファッション | 옷과 패션 | 服装和时尚
Shoes and accessories | Schuhe und Accessoires | Zapatos y accesorios | Chaussures et accessoires | Scarpe e accessori | Sapatos e acessórios | Обувь и аксессуары | الأحذية والإكسسوارات | जूते और सहायक वस्तुएँ | 靴と小物 | 신발과 액세서리 | 鞋子和配饰
Second-hand goods | Gebrauchtwaren | Artículos de segunda mano | Articles d''occasion | Oggetti usati | Produtos usados | Подержанные вещи | السلع المستعملة | पुरानी वस्तुएँ | 中古品 | 중고품 | 二手商品
Reviews and ratings | Rezensionen und Bewertungen | Reseñas y valoraciones | Avis et notes | Recensioni e valutazioni | Avaliações | Отзывы и оценки | المراجعات والتقييمات | समीक्षाएँ और रेटिंग | レビューと評価 | 후기와 평점 | 评论和评分
Customer support | Kundendienst | Atención al cliente | Service client | Assistenza clienti | Atendimento ao cliente | Поддержка клиентов | خدمة العملاء | ग्राहक सहायता | カスタマーサポート | 고객 지원 | 客户服务
Complaints | Beschwerden | Quejas y reclamaciones | Réclamations | Reclami | Reclamações | Жалобы | الشكاوى | शिकायतें | 苦情 | 불만 사항 | 投诉
Travel and transport | Reisen und Verkehr | Viajes y transporte | Voyages et transports | Viaggi e trasporti | Viagens e transporte | Путешествия и транспорт | السفر والنقل | यात्रा और परिवहन | 旅行と交通 | 여행과 교통 | 旅行和交通
Flights | Flüge | Vuelos | Vols en avion | Voli | Voos | Авиарейсы | الرحلات الجوية | उड़ानें | 飛行機の便 | 항공편 | 航班
Hotels and accommodation | Hotels und Unterkünfte | Hoteles y alojamiento | Hôtels et hébergement | Hotel e alloggi | Hotéis e hospedagem | Гостиницы и жильё | الفنادق والإقامة | होटल और आवास | ホテルと宿泊 | 호텔과 숙소 | 酒店和住宿
Trains | Züge | Trenes | Trains | Treni | Trens | Поезда | القطارات | रेलगाड़ियाँ | 電車 | 기차 | 火车
Buses | Busse | Autobuses | Bus | Autobus | Ônibus | Автобусы | الحافلات | बसें | バス | 버스 | 公交车
Taxis and ride sharing | Taxis und Mitfahrten | Taxis y viajes compartidos | Taxis et covoiturage | Taxi e passaggi condivisi | Táxis e caronas | Такси и попутчики | سيارات الأجرة والمشاركة | टैक्सी और साझा सवारी | タクシーと相乗り | 택시와 차량 공유 | 出租车和拼车
Rental cars | Mietwagen | Coches de alquiler | Voitures de location | Auto a noleggio | Carros de aluguel | Прокат автомобилей | تأجير السيارات | किराये की कारें | レンタカー | 렌터카 | 租车
Cars and driving | Autos und Fahren | Coches y conducción | Voitures et conduite | Auto e guida | Carros e direção | Автомобили и вождение | السيارات والقيادة | कारें और ड्राइविंग | 車と運転 | 자동차와 운전 | 汽车和驾驶
Car repair | Autoreparatur | Reparación de coches | Réparation automobile | Riparazione dell''auto | Conserto de carros | Ремонт автомобилей | إصلاح السيارات | कार की मरम्मत | 車の修理 | 자동차 수리 | 汽车维修
Bicycles | Fahrräder | Bicicletas | Vélos | Biciclette | Bicicletas | Велосипеды | الدراجات | साइकिलें | 自転車 | 자전거 | 自行车
Public transport | Öffentlicher Verkehr | Transporte público | Transports en commun | Trasporti pubblici | Transporte público | Общественный транспорт | النقل العام | सार्वजनिक परिवहन | 公共交通機関 | 대중교통 | 公共交通
Trip planning | Reiseplanung | Planificación de viajes | Préparation de voyages | Pianificazione di viaggi | Planejamento de viagens | Планирование поездок | تخطيط الرحلات | यात्रा की योजना | 旅行の計画 | 여행 계획 | 旅行计划
Sightseeing and attractions | Sehenswürdigkeiten | Turismo y lugares de interés | Visites et attractions | Visite e attrazioni | Passeios e atrações | Достопримечательности | المعالم السياحية | दर्शनीय स्थल | 観光名所 | 관광과 명소 | 观光和景点
Visas and passports | Visa und Reisepässe | Visados y pasaportes | Visas et passeports | Visti e passaporti | Vistos e passaportes | Визы и паспорта | التأشيرات وجوازات السفر | वीज़ा और पासपोर्ट | ビザとパスポート | 비자와 여권 | 签证和护照
Luggage and packing | Gepäck und Packen | Equipaje | Bagages | Bagagli | Bagagem | Багаж и сборы | الأمتعة والحزم | सामान और पैकिंग | 荷物と荷造り | 짐과 짐 싸기 | 行李和打包
Camping and hiking | Camping und Wandern | Acampada y senderismo | Camping et randonnée | Campeggio ed escursioni | Acampamento e trilhas | Походы и кемпинг | التخييم والمشي في الطبيعة | कैंपिंग और पदयात्रा | キャンプとハイキング | 캠핑과 등산 | 露营和徒步
Cruises and ferries | Kreuzfahrten und Fähren | Cruceros y transbordadores | Croisières et ferries | Crociere e traghetti | Cruzeiros e balsas | Круизы и паромы | الرحلات البحرية والعبّارات | जहाज़ और नौका यात्राएँ | クルーズとフェリー | 크루즈와 여객선 | 游轮和渡轮
Maps and directions | Karten und Wegbeschreibungen | Mapas e indicaciones | Cartes et itinéraires | Mappe e indicazioni | Mapas e rotas | Карты и маршруты | الخرائط والاتجاهات | नक्शे और रास्ते | 地図と道順 | 지도와 길 찾기 | 地图和路线
Parking | Parken | Aparcamiento | Stationnement | Parcheggio | Estacionamento | Парковка | مواقف السيارات | पार्किंग | 駐車場 | 주차 | 停车
Cooking and recipes | Kochen und Rezepte | Cocina y recetas | Cuisine et recettes | Cucina e ricette | Culinária e receitas | Кулинария и рецепты | الطبخ والوصفات | खाना पकाना और व्यंजन | 料理とレシピ | 요리와 조리법 | 烹饪和食谱
Baking | Backen | Repostería | Pâtisserie | Dolci e pane | Panificação e confeitaria | Выпечка | الخبز والحلويات | बेकिंग | パンとお菓子作り | 제과와 제빵 | 烘焙
Restaurants | Restaurants | Restaurantes | Restaurants | Ristoranti | Restaurantes | Рестораны | المطاعم | रेस्तराँ | レストラン | 식당 | 餐厅
Table reservations | Tischreservierungen | Reservas de mesa | Réservations de table | Prenotazioni al ristorante | Reservas de mesa | Бронирование столика | حجز طاولة | टेबल का आरक्षण | 席の予約 | 식당 예약 | 餐厅订位
Meal planning | Essensplanung | Planificación de comidas | Planification des repas | Pianificazione dei pasti | Planejamento de refeições | Планирование питания | تخطيط الوجبات | भोजन की योजना | 献立の計画 | 식단 계획 | 膳食计划
Diets and nutrition | Ernährung und Diäten | Dietas y nutrición | Régimes et nutrition | Diete e nutrizione | Dietas e nutrição | Диеты и питание | الحميات والتغذية | आहार और पोषण | 食事と栄養 | 식이 요법과 영양 | 饮食和营养
Vegetarian and vegan food | Vegetarisches und veganes Essen | Comida vegetariana y vegana | Cuisine végétarienne et végane | Cucina vegetariana e vegana | Comida vegetariana e vegana | Вегетарианская и веганская еда | الطعام النباتي | शाकाहारी भोजन | 菜食とビーガン料理 | 채식 | 素食
Drinks and cocktails | Getränke und Cocktails | Bebidas y cócteles | Boissons et cocktails | Bevande e cocktail | Bebidas e coquetéis | Напитки и коктейли | المشروبات والكوكتيلات | पेय और कॉकटेल | 飲み物とカクテル | 음료와 칵테일 | 饮料和鸡尾酒
Coffee and tea | Kaffee und Tee | Café y té | Café et thé | Caffè e tè | Café e chá | Кофе и чай | القهوة والشاي | कॉफ़ी और चाय | コーヒーとお茶 | 커피와 차 | 咖啡和茶
Wine and beer | Wein und Bier | Vino y cerveza | Vin et bière | Vino e birra | Vinho e cerveja | Вино и пиво | النبيذ والبيرة | वाइन और बियर | ワインとビール | 와인과 맥주 | 葡萄酒和啤酒
Food storage and safety | Lagerung und Sicherheit von Lebensmitteln | Conservación y seguridad de los alimentos | Conservation et sécurité des aliments | Conservazione e sicurezza degli alimenti | Conservação e segurança dos alimentos | Хранение и безопасность продуктов | حفظ الطعام وسلامته | खाद्य भंडारण और सुरक्षा | 食品の保存と安全 | 식품 보관과 안전 | 食品储存和安全
Groceries | Lebensmitteleinkauf | Compra de alimentos | Courses alimentaires | Spesa alimentare | Compras de supermercado | Продукты | البقالة | किराने का सामान | 食料品の買い物 | 장보기 | 食品杂货
Rental agreements | Mietverträge | Contratos de alquiler | Contrats de location | Contratti di affitto | Contratos de aluguel | Договоры аренды | عقود الإيجار | किराये के अनुबंध | 賃貸契約 | 임대차 계약 | 租赁合同
Houses and apartments | Häuser und Wohnungen | Casas y pisos | Maisons et appartements | Case e appartamenti | Casas e apartamentos | Дома и квартиры | المنازل والشقق | मकान और अपार्टमेंट | 家とマンション | 주택과 아파트 | 房屋和公寓
Renting a home | Wohnung mieten | Alquiler de vivienda | Location d''un logement | Affitto di una casa | Aluguel de imóvel | Аренда жилья | استئجار منزل | घर किराये पर लेना | 住まいを借りる | 집 임대 | 租房
Buying and selling a home | Hauskauf und Hausverkauf | Compra y venta de vivienda | Achat et vente d''un logement | Compravendita di una casa | Compra e venda de imóveis | Покупка и продажа жилья | شراء وبيع المنازل | घर खरीदना और बेचना | 家の売買 | 집 매매 | 买房和卖房
Furniture and decoration | Möbel und Dekoration | Muebles y decoración | Meubles et décoration | Mobili e arredamento | Móveis e decoração | Мебель и декор | الأثاث والديكور | फ़र्नीचर और सजावट | 家具と飾り付け | 가구와 장식 | 家具和装饰
Home repairs | Reparaturen im Haus | Reparaciones del hogar | Réparations à la maison | Riparazioni domestiche | Reparos domésticos | Ремонт в доме | إصلاحات المنزل | घर की मरम्मत | 家の修理 | 집수리 | 家庭维修
Cleaning and laundry | Putzen und Wäsche | Limpieza y lavado de ropa | Ménage et lessive | Pulizia e bucato | Limpeza e lavanderia | Уборка и стирка | التنظيف والغسيل | सफ़ाई और कपड़े धोना | 掃除と洗濯 | 청소와 빨래 | 清洁和洗衣
Kitchen appliances | Küchengeräte | Electrodomésticos de cocina | Appareils de cuisine | Elettrodomestici da cucina | Eletrodomésticos de cozinha | Кухонная техника | أجهزة المطبخ | रसोई के उपकरण | キッチン家電 | 주방 가전 | 厨房电器
Electricity and heating | Strom und Heizung | Electricidad y calefacción | Électricité et chauffage | Elettricità e riscaldamento | Eletricidade e aquecimento | Электричество и отопление | الكهرباء والتدفئة | बिजली और ताप | 電気と暖房 | 전기와 난방 | 用电和供暖
Gardening | Gartenarbeit | Jardinería | Jardinage | Giardinaggio | Jardinagem | Садоводство | البستنة | बागवानी | 園芸 | 정원 가꾸기 | 园艺
Houseplants | Zimmerpflanzen | Plantas de interior | Plantes d''intérieur | Piante da appartamento | Plantas de interior | Комнатные растения | النباتات المنزلية | घरेलू पौधे | 観葉植物 | 실내 식물 | 室内植物
Moving house | Umzug | Mudanzas | Déménagement | Traslochi | Mudança de casa | Переезд | الانتقال إلى منزل جديد | घर बदलना | 引っ越し | 이사 | 搬家
Smart home devices | Geräte für das vernetzte Zuhause | Dispositivos domésticos inteligentes | Appareils domestiques connectés | Dispositivi per la casa intelligente | Dispositivos de casa inteligente | Умный дом | أجهزة المنزل الذكي | स्मार्ट घरेलू उपकरण | スマートホーム機器 | 스마트홈 기기 | 智能家居设备
Pest control | Schädlingsbekämpfung | Control de plagas | Lutte contre les nuisibles | Disinfestazione | Controle de pragas | Борьба с вредителями | مكافحة الحشرات | कीट नियंत्रण | 害虫駆除 | 해충 방제 | 害虫防治
Interior design | Inneneinrichtung | Diseño de interiores | Décoration intérieure | Progettazione di interni | Design de interiores | Дизайн интерьера | التصميم الداخلي | आंतरिक सज्जा | インテリアデザイン | 인테리어 디자인 | 室内设计
Energy saving | Energiesparen | Ahorro de energía | Économies d''énergie | Risparmio energetico | Economia de energia | Энергосбережение | توفير الطاقة | ऊर्जा की बचत | 省エネ | 에너지 절약 | 节能
Alarms and timers | Wecker und Timer | Alarmas y temporizadores | Alarmes et minuteurs | Sveglie e timer | Alarmes e temporizadores | Будильники и таймеры | المنبهات والمؤقتات | अलार्म और टाइमर | アラームとタイマー | 알람과 타이머 | 闹钟和计时器
Calendars and appointments | Kalender und Termine | Calendarios y citas | Calendriers et rendez-vous | Calendari e appuntamenti | Calendários e compromissos | Календари и встречи | التقويم والمواعيد | कैलेंडर और अपॉइंटमेंट | カレンダーと予定 | 달력과 일정 | 日历和日程
Reminders and to-do lists | Erinnerungen und Aufgabenlisten | Recordatorios y listas de tareas | Rappels et listes de tâches | Promemoria e liste di attività | Lembretes e listas de tarefas | Напоминания и списки дел | التذكيرات وقوائم المهام | अनुस्मारक और कार्य सूची | リマインダーとやることリスト | 알림과 할 일 목록 | 提醒和待办事项
Meetings | Besprechungen | Reuniones | Réunions | Riunioni | Reuniões | Совещания | الاجتماعات | बैठकें | 会議 | 회의 | 会议
Time management | Zeitplanung | Gestión del tiempo | Gestion du temps | Gestione del tempo | Gestão do tempo | Управление временем | إدارة الوقت | समय प्रबंधन | 時間管理 | 시간 관리 | 时间管理
Event planning | Veranstaltungsplanung | Organización de eventos | Organisation d''événements | Organizzazione di eventi | Organização de eventos | Организация мероприятий | تنظيم الفعاليات | कार्यक्रम की योजना | イベントの企画 | 행사 기획 | 活动策划
Weddings and parties | Hochzeiten und Feiern | Bodas y fiestas | Mariages et fêtes | Matrimoni e feste | Casamentos e festas | Свадьбы и вечеринки | حفلات الزفاف والمناسبات | शादियाँ और पार्टियाँ | 結婚式とパーティー | 결혼식과 파티 | 婚礼和派对
Project management | Projektmanagement | Gestión de proyectos | Gestion de projets | Gestione di progetti | Gestão de projetos | Управление проектами | إدارة المشاريع | परियोजना प्रबंधन | プロジェクト管理 | 프로젝트 관리 | 项目管理
Dates and times | Datum und Uhrzeit | Fechas y horas | Dates et heures | Date e orari | Datas e horários | Даты и время | التواريخ والأوقات | तारीख और समय | 日付と時刻 | 날짜와 시간 | 日期和时间
Birthdays | Geburtstage | Cumpleaños | Anniversaires | Compleanni | Aniversários | Дни рождения | أعياد الميلاد | जन्मदिन | 誕生日 | 생일 | 生日
Movies and series | Filme und Serien | Películas y series | Films et séries | Film e serie | Filmes e séries | Фильмы и сериалы | الأفلام والمسلسلات | फ़िल्में और धारावाहिक | 映画とドラマ | 영화와 드라마 | 电影和剧集
Music | Musik | Música | Musique | Musica | Música | Музыка | الموسيقى | संगीत | 音楽 | 음악 | 音乐
Songs and lyrics | Lieder und Liedtexte | Canciones y letras | Chansons et paroles | Canzoni e testi | Canções e letras | Песни и тексты песен | الأغاني وكلماتها | गाने और बोल | 歌と歌詞 | 노래와 가사 | 歌曲和歌词
Concerts and tickets | Konzerte und Karten | Conciertos y entradas | Concerts et billets | Concerti e biglietti | Shows e ingressos | Концерты и билеты | الحفلات الموسيقية والتذاكر | संगीत समारोह और टिकट | コンサートとチケット | 공연과 티켓 | 演唱会和门票
Events | Veranstaltungen | Eventos | Événements | Eventi | Eventos | Мероприятия | الفعاليات | कार्यक्रम | イベント | 행사 | 活动
Theatre and dance | Theater und Tanz | Teatro y danza | Théâtre et danse | Teatro e danza | Teatro e dança | Театр и танец | المسرح والرقص | रंगमंच और नृत्य | 演劇とダンス | 연극과 무용 | 戏剧和舞蹈
Books and reading | Bücher und Lesen | Libros y lectura | Livres et lecture | Libri e lettura | Livros e leitura | Книги и чтение | الكتب والقراءة | किताबें और पढ़ना | 本と読書 | 책과 독서 | 书籍和阅读
Podcasts and radio | Podcasts und Radio | Pódcast y radio | Podcasts et radio | Podcast e radio | Podcasts e rádio | Подкасты и радио | البودكاست والراديو | पॉडकास्ट और रेडियो | ポッドキャストとラジオ | 팟캐스트와 라디오 | 播客和电台
Video games | Videospiele | Videojuegos | Jeux vidéo | Videogiochi | Videogames | Видеоигры | ألعاب الفيديو | वीडियो गेम | テレビゲーム | 비디오 게임 | 电子游戏
Board games and puzzles | Brettspiele und Rätsel | Juegos de mesa y rompecabezas | Jeux de société et puzzles | Giochi da tavolo e rompicapi | Jogos de tabuleiro e quebra-cabeças | Настольные игры и головоломки | ألعاب الطاولة والألغاز | बोर्ड गेम और पहेलियाँ | ボードゲームとパズル | 보드게임과 퍼즐 | 桌游和拼图
Role-playing games | Rollenspiele | Juegos de rol | Jeux de rôle | Giochi di ruolo | Jogos de interpretação | Ролевые игры | ألعاب تقمص الأدوار | भूमिका निभाने वाले खेल | ロールプレイングゲーム | 역할 놀이 게임 | 角色扮演游戏
Sports | Sport | Deportes | Sports | Sport | Esportes | Спорт | الرياضة | खेल | スポーツ | 스포츠 | 体育
Football | Fußball | Fútbol | Football | Calcio | Futebol | Футбол | كرة القدم | फ़ुटबॉल | サッカー | 축구 | 足球
Baseball | Baseball | Béisbol | Baseball | Baseball | Beisebol | Бейсбол | البيسبول | बेसबॉल | 野球 | 야구 | 棒球
Basketball | Basketball | Baloncesto | Basket-ball | Pallacanestro | Basquete | Баскетбол | كرة السلة | बास्केटबॉल | バスケットボール | 농구 | 篮球
Running and cycling | Laufen und Radfahren | Correr y ciclismo | Course à pied et vélo | Corsa e ciclismo | Corrida e ciclismo | Бег и велоспорт | الجري وركوب الدراجات | दौड़ना और साइकिल चलाना | ランニングと自転車 | 달리기와 자전거 | 跑步和骑行
Swimming | Schwimmen | Natación | Natation | Nuoto | Natação | Плавание | السباحة | तैराकी | 水泳 | 수영 | 游泳
Fitness and exercise | Fitness und Training | Ejercicio y forma física | Forme et exercice | Fitness ed esercizio | Exercícios e condicionamento | Фитнес и упражнения | اللياقة والتمارين | फ़िटनेस और व्यायाम | 運動とフィットネス | 운동과 체력 단련 | 健身和锻炼
Yoga and meditation | Yoga und Meditation | Yoga y meditación | Yoga et méditation | Yoga e meditazione | Ioga e meditação | Йога и медитация | اليوغا والتأمل | योग और ध्यान | ヨガと瞑想 | 요가와 명상 | 瑜伽和冥想
Photography | Fotografie | Fotografía | Photographie | Fotografia | Fotografia | Фотография | التصوير الفوتوغرافي | फ़ोटोग्राफ़ी | 写真撮影 | 사진 | 摄影
Drawing and painting | Zeichnen und Malen | Dibujo y pintura | Dessin et peinture | Disegno e pittura | Desenho e pintura | Рисование и живопись | الرسم والتلوين | चित्रकारी | 絵画とデッサン | 그림 그리기 | 绘画
Crafts and knitting | Basteln und Stricken | Manualidades y punto | Loisirs créatifs et tricot | Lavoretti e maglia | Artesanato e tricô | Рукоделие и вязание | الحرف اليدوية والحياكة | हस्तशिल्प और बुनाई | 手芸と編み物 | 공예와 뜨개질 | 手工和编织
Woodworking and tools | Holzarbeiten und Werkzeug | Carpintería y herramientas | Menuiserie et outils | Falegnameria e attrezzi | Marcenaria e ferramentas | Столярное дело и инструменты | النجارة والأدوات | लकड़ी का काम और औज़ार | 木工と工具 | 목공과 공구 | 木工和工具
Musical instruments | Musikinstrumente | Instrumentos musicales | Instruments de musique | Strumenti musicali | Instrumentos musicais | Музыкальные инструменты | الآلات الموسيقية | वाद्ययंत्र | 楽器 | 악기 | 乐器
Singing | Singen | Canto | Chant | Canto | Canto | Пение | الغناء | गायन | 歌うこと | 노래 부르기 | 唱歌
Collecting | Sammeln | Coleccionismo | Collections | Collezionismo | Colecionismo | Коллекционирование | جمع المقتنيات | संग्रह | 収集 | 수집 | 收藏
Jokes and riddles | Witze und Scherzfragen | Chistes y adivinanzas | Blagues et devinettes | Barzellette e indovinelli | Piadas e adivinhas | Шутки и загадки | النكت والأحاجي | चुटकुले और पहेलियाँ | 冗談となぞなぞ | 농담과 수수께끼 | 笑话和谜语
Trivia and quizzes | Quizfragen | Preguntas y concursos | Quiz et culture générale | Quiz e curiosità | Curiosidades e quizzes | Викторины | المسابقات والمعلومات العامة | प्रश्नोत्तरी | クイズと豆知識 | 퀴즈와 상식 | 问答和趣味知识
Horoscopes and tarot | Horoskope und Tarot | Horóscopos y tarot | Horoscopes et tarot | Oroscopi e tarocchi | Horóscopos e tarô | Гороскопы и таро | الأبراج والتاروت | राशिफल और टैरो | 占いとタロット | 운세와 타로 | 星座和塔罗
Dreams | Träume | Sueños | Rêves | Sogni | Sonhos | Сны | الأحلام | सपने | 夢 | 꿈 | 梦
Pets and animals | Haustiere und Tiere | Mascotas y animales | Animaux de compagnie | Animali domestici | Animais de estimação | Домашние животные | الحيوانات الأليفة | पालतू जानवर | ペットと動物 | 반려동물과 동물 | 宠物和动物
Dogs | Hunde | Perros | Chiens | Cani | Cachorros | Собаки | الكلاب | कुत्ते | 犬 | 개 | 狗
Cats | Katzen | Gatos | Chats | Gatti | Gatos | Кошки | القطط | बिल्लियाँ | 猫 | 고양이 | 猫
Birds | Vögel | Aves | Oiseaux | Uccelli | Pássaros | Птицы | الطيور | पक्षी | 鳥 | 새 | 鸟类
Fish and aquariums | Fische und Aquarien | Peces y acuarios | Poissons et aquariums | Pesci e acquari | Peixes e aquários | Рыбы и аквариумы | الأسماك وأحواضها | मछलियाँ और एक्वेरियम | 魚と水槽 | 물고기와 수족관 | 鱼和水族箱
Horses | Pferde | Caballos | Chevaux | Cavalli | Cavalos | Лошади | الخيول | घोड़े | 馬 | 말 | 马
Nature and wildlife | Natur und Wildtiere | Naturaleza y fauna | Nature et faune | Natura e fauna | Natureza e vida selvagem | Природа и дикие животные | الطبيعة والحياة البرية | प्रकृति और वन्यजीव | 自然と野生動物 | 자연과 야생 동물 | 自然和野生动物
Astronomy and space | Astronomie und Weltraum | Astronomía y espacio | Astronomie et espace | Astronomia e spazio | Astronomia e espaço | Астрономия и космос | الفلك والفضاء | खगोल विज्ञान और अंतरिक्ष | 天文と宇宙 | 천문학과 우주 | 天文和太空
Weather | Wetter | El tiempo | Météo | Meteo | Previsão do tempo | Погода | الطقس | मौसम | 天気 | 날씨 | 天气
Climate and environment | Klima und Umwelt | Clima y medio ambiente | Climat et environnement | Clima e ambiente | Clima e meio ambiente | Климат и экология | المناخ والبيئة | जलवायु और पर्यावरण | 気候と環境 | 기후와 환경 | 气候和环境
Laboratory results | Laborwerte | Resultados de laboratorio | Résultats d''analyses | Risultati di laboratorio | Resultados de exames | Результаты анализов | نتائج المختبر | प्रयोगशाला के परिणाम | 検査結果 | 검사 결과 | 化验结果
Workout plans | Trainingspläne | Planes de entrenamiento | Programmes d''entraînement | Piani di allenamento | Planos de treino | Планы тренировок | خطط التمرين | व्यायाम की योजनाएँ | トレーニング計画 | 운동 계획 | 锻炼计划
Health questions | Gesundheitsfragen | Preguntas de salud | Questions de santé | Domande di salute | Dúvidas de saúde | Вопросы о здоровье | أسئلة صحية | स्वास्थ्य के प्रश्न | 健康の質問 | 건강 질문 | 健康问题
Doctors and appointments | Ärzte und Termine | Médicos y citas | Médecins et rendez-vous | Medici e appuntamenti | Médicos e consultas | Врачи и приём | الأطباء والمواعيد | डॉक्टर और अपॉइंटमेंट | 医師と診察の予約 | 의사와 진료 예약 | 医生和预约
Dentists | Zahnärzte | Dentistas | Dentistes | Dentisti | Dentistas | Стоматологи | أطباء الأسنان | दंत चिकित्सक | 歯医者 | 치과 | 牙医
Sleep | Schlaf | Sueño y descanso | Sommeil | Sonno | Sono | Сон и отдых | النوم | नींद | 睡眠 | 수면 | 睡眠
Skin and hair care | Haut- und Haarpflege | Cuidado de la piel y el cabello | Soins de la peau et des cheveux | Cura della pelle e dei capelli | Cuidados com pele e cabelo | Уход за кожей и волосами | العناية بالبشرة والشعر | त्वचा और बालों की देखभाल | 肌と髪の手入れ | 피부와 머리 관리 | 皮肤和头发护理
Ageing and care | Alter und Pflege | Envejecimiento y cuidados | Vieillissement et soins | Invecchiamento e assistenza | Envelhecimento e cuidados | Старение и уход | الشيخوخة والرعاية | वृद्धावस्था और देखभाल | 加齢と介護 | 노화와 돌봄 | 养老和护理
Medical reports | Arztberichte | Informes médicos | Comptes rendus médicaux | Referti medici | Laudos médicos | Медицинские заключения | التقارير الطبية | चिकित्सा रिपोर्ट | 診断書 | 의료 보고서 | 医疗报告
Relationships | Beziehungen | Relaciones | Relations | Relazioni | Relacionamentos | Отношения | العلاقات | रिश्ते | 人間関係 | 인간관계 | 人际关系
Dating | Kennenlernen | Citas y ligues | Rencontres | Appuntamenti romantici | Namoro | Знакомства | المواعدة | डेटिंग | 恋愛と出会い | 연애 | 约会
Children''s activities | Beschäftigungen für Kinder | Actividades infantiles | Activités pour enfants | Attività per bambini | Atividades infantis | Занятия для детей | أنشطة الأطفال | बच्चों की गतिविधियाँ | 子どもの遊び | 어린이 활동 | 儿童活动
Friendship | Freundschaft | Amistad | Amitié | Amicizia | Amizade | Дружба | الصداقة | मित्रता | 友情 | 우정 | 友谊
Conflict and communication | Konflikte und Kommunikation | Conflictos y comunicación | Conflits et communication | Conflitti e comunicazione | Conflitos e comunicação | Конфликты и общение | الخلافات والتواصل | मतभेद और संवाद | 対立と話し合い | 갈등과 소통 | 冲突和沟通
Etiquette and manners | Umgangsformen | Etiqueta y modales | Étiquette et bonnes manières | Galateo e buone maniere | Etiqueta e boas maneiras | Этикет и манеры | آداب السلوك | शिष्टाचार | 礼儀とマナー | 예절 | 礼仪
Small talk | Plaudern | Charla informal | Bavardage | Chiacchiere | Conversa casual | Светская беседа | أحاديث خفيفة | हल्की बातचीत | 雑談 | 잡담 | 闲聊
Greetings and thanks | Grüße und Dank | Saludos y agradecimientos | Salutations et remerciements | Saluti e ringraziamenti | Saudações e agradecimentos | Приветствия и благодарности | التحيات والشكر | अभिवादन और धन्यवाद | 挨拶とお礼 | 인사와 감사 | 问候和感谢
Compliments and apologies | Komplimente und Entschuldigungen | Cumplidos y disculpas | Compliments et excuses | Complimenti e scuse | Elogios e desculpas | Комплименты и извинения | المجاملات والاعتذارات | प्रशंसा और क्षमा याचना | 褒め言葉とお詫び | 칭찬과 사과 | 赞美和道歉
Application letters | Bewerbungsschreiben | Cartas de presentación | Lettres de motivation | Lettere di presentazione | Cartas de apresentação | Сопроводительные письма | رسائل التقديم | आवेदन पत्र | 志望動機書 | 자기소개서 | 求职信
Job applications | Bewerbungen | Solicitudes de empleo | Candidatures | Candidature di lavoro | Candidaturas a emprego | Поиск работы | طلبات التوظيف | नौकरी के आवेदन | 求人への応募 | 입사 지원 | 求职申请
Resumes and cover letters | Lebensläufe und Anschreiben | Currículos y cartas | CV et lettres | Curriculum e lettere | Currículos e cartas | Резюме и письма | السير الذاتية والرسائل | बायोडाटा और पत्र | 履歴書と送付状 | 이력서와 지원서 | 简历和求职信
Job interviews | Vorstellungsgespräche | Entrevistas de trabajo | Entretiens d''embauche | Colloqui di lavoro | Entrevistas de emprego | Собеседования | مقابلات العمل | नौकरी के साक्षात्कार | 就職面接 | 취업 면접 | 求职面试
Careers | Berufswege | Carreras profesionales | Carrières | Carriere | Carreiras | Карьера | المسارات المهنية | करियर | キャリア | 진로와 경력 | 职业发展
Working life | Arbeitsleben | Vida laboral | Vie professionnelle | Vita lavorativa | Vida profissional | Рабочая жизнь | الحياة العملية | कामकाजी जीवन | 職場生活 | 직장 생활 | 职场生活
Management and leadership | Führung und Management | Gestión y liderazgo | Gestion et direction | Gestione e leadership | Gestão e liderança | Управление и лидерство | الإدارة والقيادة | प्रबंधन और नेतृत्व | 経営とリーダーシップ | 관리와 리더십 | 管理和领导
Hiring | Personalsuche | Contratación | Recrutement | Assunzioni | Contratação | Подбор персонала | التوظيف | भर्ती | 採用 | 채용 | 招聘
Training at work | Weiterbildung im Beruf | Formación en el trabajo | Formation professionnelle | Formazione sul lavoro | Treinamento no trabalho | Обучение на работе | التدريب في العمل | कार्यस्थल पर प्रशिक्षण | 社内研修 | 직장 교육 | 工作培训
Freelancing | Freiberufliche Arbeit | Trabajo autónomo | Travail indépendant | Lavoro autonomo | Trabalho autônomo | Фриланс | العمل الحر | स्वतंत्र कार्य | フリーランス | 프리랜서 활동 | 自由职业
Starting a business | Unternehmensgründung | Creación de empresas | Création d''entreprise | Avvio di un''impresa | Abertura de empresa | Открытие бизнеса | بدء مشروع تجاري | व्यवसाय शुरू करना | 起業 | 창업 | 创业
Business plans | Geschäftspläne | Planes de negocio | Plans d''affaires | Piani aziendali | Planos de negócios | Бизнес-планы | خطط الأعمال | व्यवसाय की योजनाएँ | 事業計画 | 사업 계획 | 商业计划
Marketing | Marketing | Marketing | Marketing | Marketing | Marketing | Маркетинг | التسويق | विपणन | マーケティング | 마케팅 | 市场营销
Advertising | Werbung | Publicidad | Publicité | Pubblicità | Publicidade | Реклама | الإعلانات | विज्ञापन | 広告 | 광고 | 广告
Social media | Soziale Medien | Redes sociales | Réseaux sociaux | Social media | Redes sociais | Социальные сети | وسائل التواصل الاجتماعي | सोशल मीडिया | ソーシャルメディア | 소셜 미디어 | 社交媒体
Sales | Vertrieb | Ventas | Ventes | Vendite | Vendas | Продажи | المبيعات | बिक्री | 営業と販売 | 판매 | 销售
Customer data | Kundendaten | Datos de clientes | Données clients | Dati dei clienti | Dados de clientes | Данные клиентов | بيانات العملاء | ग्राहक डेटा | 顧客データ | 고객 데이터 | 客户数据
Market research | Marktforschung | Investigación de mercados | Études de marché | Ricerche di mercato | Pesquisa de mercado | Исследование рынка | أبحاث السوق | बाज़ार अनुसंधान | 市場調査 | 시장 조사 | 市场调研
Strategy | Strategie | Estrategia | Stratégie | Strategia | Estratégia | Стратегия | الاستراتيجية | रणनीति | 戦略 | 전략 | 战略
Product design | Produktgestaltung | Diseño de productos | Conception de produits | Progettazione di prodotti | Design de produtos | Дизайн продуктов | تصميم المنتجات | उत्पाद डिज़ाइन | 製品デザイン | 제품 디자인 | 产品设计
Logistics and supply | Logistik und Versorgung | Logística y suministro | Logistique et approvisionnement | Logistica e forniture | Logística e suprimentos | Логистика и снабжение | الإمداد والخدمات اللوجستية | रसद और आपूर्ति | 物流と供給 | 물류와 공급 | 物流和供应
Manufacturing | Fertigung | Fabricación | Fabrication | Produzione industriale | Manufatura | Производство | التصنيع | विनिर्माण | 製造 | 제조 | 制造业
Construction | Bauwesen | Construcción | Construction | Edilizia | Construção civil | Строительство | البناء والتشييد | निर्माण कार्य | 建設 | 건설 | 建筑施工
Agriculture | Landwirtschaft | Agricultura | Agriculture | Agricoltura | Agricultura | Сельское хозяйство | الزراعة | कृषि | 農業 | 농업 | 农业
Retail | Einzelhandel | Comercio minorista | Commerce de détail | Commercio al dettaglio | Varejo | Розничная торговля | تجارة التجزئة | खुदरा व्यापार | 小売 | 소매업 | 零售
Hospitality | Gastgewerbe | Hostelería | Hôtellerie-restauration | Settore alberghiero | Hotelaria | Гостиничный бизнес | الضيافة | आतिथ्य | 接客業 | 접객업 | 酒店餐饮业
Real estate business | Immobiliengeschäft | Negocio inmobiliario | Immobilier | Settore immobiliare | Mercado imobiliário | Рынок недвижимости | أعمال العقارات | अचल संपत्ति का कारोबार | 不動産業 | 부동산업 | 房地产业
School homework | Hausaufgaben | Deberes escolares | Devoirs scolaires | Compiti scolastici | Lição de casa | Домашние задания | الواجبات المدرسية | स्कूल का गृहकार्य | 学校の宿題 | 학교 숙제 | 学校作业
Essays and reports | Aufsätze und Berichte | Ensayos e informes | Dissertations et rapports | Temi e relazioni | Redações e relatórios | Сочинения и доклады | المقالات والتقارير | निबंध और रिपोर्ट | 作文とレポート | 에세이와 보고서 | 论文和报告
Exams and tests | Prüfungen und Tests | Exámenes y pruebas | Examens et tests | Esami e test | Provas e testes | Экзамены и тесты | الامتحانات والاختبارات | परीक्षाएँ | 試験とテスト | 시험 | 考试和测验
University studies | Studium | Estudios universitarios | Études universitaires | Studi universitari | Estudos universitários | Учёба в вузе | الدراسة الجامعية | विश्वविद्यालय की पढ़ाई | 大学での勉強 | 대학 공부 | 大学学习
Research papers | Forschungsarbeiten | Artículos de investigación | Articles de recherche | Articoli di ricerca | Artigos científicos | Научные статьи | الأوراق البحثية | शोध पत्र | 研究論文 | 연구 논문 | 研究论文
Mathematics | Mathematik | Matemáticas | Mathématiques | Matematica | Matemática | Математика | الرياضيات | गणित | 数学 | 수학 | 数学
Algebra and equations | Algebra und Gleichungen | Álgebra y ecuaciones | Algèbre et équations | Algebra ed equazioni | Álgebra e equações | Алгебра и уравнения | الجبر والمعادلات | बीजगणित और समीकरण | 代数と方程式 | 대수와 방정식 | 代数和方程
Geometry | Geometrie | Geometría | Géométrie | Geometria | Geometria | Геометрия | الهندسة الرياضية | ज्यामिति | 幾何学 | 기하학 | 几何
Statistics | Statistik | Estadística | Statistiques | Statistica | Estatística | Статистика | الإحصاء | सांख्यिकी | 統計 | 통계 | 统计
Physics | Physik | Física | Physique | Fisica | Física | Физика | الفيزياء | भौतिकी | 物理 | 물리 | 物理
Chemistry | Chemie | Química | Chimie | Chimica | Química | Химия | الكيمياء | रसायन विज्ञान | 化学 | 화학 | 化学
Biology | Biologie | Biología | Biologie | Biologia | Biologia | Биология | علم الأحياء | जीव विज्ञान | 生物学 | 생물학 | 生物
Medicine and anatomy | Medizin und Anatomie | Medicina y anatomía | Médecine et anatomie | Medicina e anatomia | Medicina e anatomia | Медицина и анатомия | الطب والتشريح | चिकित्सा और शरीर रचना | 医学と解剖学 | 의학과 해부학 | 医学和解剖学
History | Geschichte | Historia | Histoire | Storia | História | История | التاريخ | इतिहास | 歴史 | 역사 | 历史
Geography | Geografie | Geografía | Géographie | Geografia | Geografia | География | الجغرافيا | भूगोल | 地理 | 지리 | 地理
Philosophy | Philosophie | Filosofía | Philosophie | Filosofia | Filosofia | Философия | الفلسفة | दर्शनशास्त्र | 哲学 | 철학 | 哲学
Psychology | Psychologie | Psicología | Psychologie | Psicologia | Psicologia | Психология | علم النفس | मनोविज्ञान | 心理学 | 심리학 | 心理学
Economics | Wirtschaft | Economía | Économie | Economia | Economia | Экономика | الاقتصاد | अर्थशास्त्र | 経済 | 경제 | 经济学
Law | Recht | Derecho | Droit | Diritto | Direito | Право | القانون | कानून | 法律 | 법 | 法律
Sociology | Soziologie | Sociología | Sociologie | Sociologia | Sociologia | Социология | علم الاجتماع | समाजशास्त्र | 社会学 | 사회학 | 社会学
Literature | Literatur | Literatura | Littérature | Letteratura | Literatura | Литература | الأدب | साहित्य | 文学 | 문학 | 文学
Languages | Sprachen | Idiomas | Langues | Lingue | Idiomas | Языки | اللغات | भाषाएँ | 言語 | 언어 | 语言
Learning a language | Eine Sprache lernen | Aprender un idioma | Apprendre une langue | Imparare una lingua | Aprender um idioma | Изучение языка | تعلم لغة | भाषा सीखना | 語学学習 | 외국어 배우기 | 学习语言
Grammar and spelling | Grammatik und Rechtschreibung | Gramática y ortografía | Grammaire et orthographe | Grammatica e ortografia | Gramática e ortografia | Грамматика и орфография | القواعد والإملاء | व्याकरण और वर्तनी | 文法と綴り | 문법과 맞춤법 | 语法和拼写
Vocabulary | Wortschatz | Vocabulario | Vocabulaire | Vocabolario | Vocabulário | Словарный запас | المفردات | शब्दावली | 語彙 | 어휘 | 词汇
Pronunciation | Aussprache | Pronunciación | Prononciation | Pronuncia | Pronúncia | Произношение | النطق | उच्चारण | 発音 | 발음 | 发音
Teaching and lesson plans | Unterricht und Stundenpläne | Enseñanza y planes de clase | Enseignement et plans de cours | Insegnamento e lezioni | Ensino e planos de aula | Преподавание и планы уроков | التدريس وخطط الدروس | शिक्षण और पाठ योजना | 授業と指導案 | 수업과 지도안 | 教学和教案
Study plans | Lernpläne | Planes de estudio | Plans d''étude | Piani di studio | Planos de estudo | Планы учёбы | خطط الدراسة | पढ़ाई की योजनाएँ | 学習計画 | 학습 계획 | 学习计划
Citations and sources | Zitate und Quellen | Citas y fuentes | Citations et sources | Citazioni e fonti | Citações e fontes | Цитаты и источники | الاقتباسات والمصادر | उद्धरण और स्रोत | 引用と出典 | 인용과 출처 | 引用和来源
Writing and editing | Schreiben und Überarbeiten | Redacción y edición | Rédaction et correction | Scrittura e revisione | Redação e edição | Написание и правка текстов | الكتابة والتحرير | लेखन और संपादन | 文章の作成と編集 | 글쓰기와 편집 | 写作和编辑
Emails and letters | E-Mails und Briefe | Correos y cartas | E-mails et lettres | Email e lettere | E-mails e cartas | Письма | الرسائل والبريد الإلكتروني | ईमेल और पत्र | メールと手紙 | 이메일과 편지 | 邮件和信件
Creative writing | Kreatives Schreiben | Escritura creativa | Écriture créative | Scrittura creativa | Escrita criativa | Литературное творчество | الكتابة الإبداعية | रचनात्मक लेखन | 創作 | 창작 글쓰기 | 创意写作
Stories | Geschichten | Cuentos | Récits | Racconti | Contos | Рассказы | القصص | कहानियाँ | 物語 | 이야기 | 故事
Poems | Gedichte | Poemas | Poèmes | Poesie | Poemas | Стихи | القصائد | कविताएँ | 詩 | 시 | 诗歌
Scripts and dialogue | Drehbücher und Dialoge | Guiones y diálogos | Scénarios et dialogues | Copioni e dialoghi | Roteiros e diálogos | Сценарии и диалоги | النصوص والحوارات | पटकथा और संवाद | 脚本とせりふ | 대본과 대사 | 剧本和对话
Speeches | Reden | Discursos | Discours | Discorsi | Discursos | Речи | الخطابات | भाषण | スピーチ | 연설 | 演讲
Blog posts | Blogbeiträge | Entradas de blog | Articles de blog | Articoli di blog | Posts de blog | Записи в блоге | تدوينات | ब्लॉग लेख | ブログ記事 | 블로그 글 | 博客文章
Headlines and slogans | Überschriften und Slogans | Titulares y lemas | Titres et slogans | Titoli e slogan | Manchetes e slogans | Заголовки и слоганы | العناوين والشعارات | सुर्खियाँ और नारे | 見出しとスローガン | 제목과 슬로건 | 标题和口号
Summaries | Zusammenfassungen | Resúmenes | Résumés | Riassunti | Resumos | Краткие изложения | الملخصات | सारांश | 要約 | 요약 | 摘要
Translation | Übersetzung | Traducción | Traduction | Traduzione | Tradução | Перевод | الترجمة | अनुवाद | 翻訳 | 번역 | 翻译
Rewriting text | Texte umschreiben | Reescritura de textos | Reformulation de textes | Riscrittura di testi | Reescrita de textos | Переписывание текста | إعادة صياغة النصوص | पाठ दोबारा लिखना | 文章の書き換え | 글 다시 쓰기 | 改写文字
Proofreading | Korrekturlesen | Corrección de textos | Relecture | Correzione di bozze | Revisão de textos | Вычитка текста | التدقيق اللغوي | प्रूफ़ पढ़ना | 校正 | 교정 | 校对
Names and titles | Namen und Titel | Nombres y títulos | Noms et titres | Nomi e titoli | Nomes e títulos | Названия и имена | الأسماء والعناوين | नाम और शीर्षक | 名前と題名 | 이름과 제목 | 名称和标题
Instructions and manuals | Anleitungen und Handbücher | Instrucciones y manuales | Modes d''emploi | Istruzioni e manuali | Instruções e manuais | Инструкции и руководства | التعليمات والأدلة | निर्देश और पुस्तिकाएँ | 手順と取扱説明書 | 설명서와 지침 | 说明和手册
Presentations | Präsentationen | Presentaciones | Présentations | Presentazioni | Apresentações | Презентации | العروض التقديمية | प्रस्तुतियाँ | プレゼンテーション | 발표 자료 | 演示文稿
Reports and documents | Berichte und Dokumente | Informes y documentos | Rapports et documents | Relazioni e documenti | Relatórios e documentos | Отчёты и документы | التقارير والمستندات | रिपोर्ट और दस्तावेज़ | 報告書と文書 | 보고서와 문서 | 报告和文件
Interviews and questions | Interviews und Fragen | Entrevistas y preguntas | Entretiens et questions | Interviste e domande | Entrevistas e perguntas | Интервью и вопросы | المقابلات والأسئلة | साक्षात्कार और प्रश्न | インタビューと質問 | 인터뷰와 질문 | 采访和提问
Characters and worlds | Figuren und Welten | Personajes y mundos | Personnages et mondes | Personaggi e mondi | Personagens e mundos | Персонажи и миры | الشخصيات والعوالم | पात्र और संसार | 登場人物と世界観 | 등장인물과 세계관 | 角色和世界观
Internet connection problems | Probleme mit der Internetverbindung | Problemas de conexión a internet | Problèmes de connexion internet | Problemi di connessione a internet | Problemas de conexão com a internet | Проблемы с интернетом | مشاكل الاتصال بالإنترنت | इंटरनेट कनेक्शन की समस्याएँ | インターネット接続の問題 | 인터넷 연결 문제 | 网络连接问题
Spreadsheet formulas | Tabellenformeln | Fórmulas de hojas de cálculo | Formules de tableur | Formule per fogli di calcolo | Fórmulas de planilhas | Формулы в таблицах | صيغ جداول البيانات | स्प्रेडशीट सूत्र | 表計算の数式 | 스프레드시트 수식 | 表格公式
Programming | Programmierung | Programación | Programmation | Programmazione | Programação | Программирование | البرمجة | प्रोग्रामिंग | プログラミング | 프로그래밍 | 编程
Python programming | Programmieren in Python | Programación en Python | Programmation en Python | Programmazione in Python | Programação em Python | Программирование на Python | البرمجة بلغة بايثون | पायथन प्रोग्रामिंग | Pythonプログラミング | 파이썬 프로그래밍 | Python 编程
Web development | Webentwicklung | Desarrollo web | Développement web | Sviluppo web | Desenvolvimento web | Веб-разработка | تطوير الويب | वेब विकास | ウェブ開発 | 웹 개발 | 网站开发
JavaScript and web pages | JavaScript und Webseiten | JavaScript y páginas web | JavaScript et pages web | JavaScript e pagine web | JavaScript e páginas web | JavaScript и веб-страницы | جافاسكريبت وصفحات الويب | जावास्क्रिप्ट और वेब पेज | JavaScriptとウェブページ | 자바스크립트와 웹페이지 | JavaScript 和网页
Databases and SQL | Datenbanken und SQL | Bases de datos y SQL | Bases de données et SQL | Database e SQL | Bancos de dados e SQL | Базы данных и SQL | قواعد البيانات | डेटाबेस और एसक्यूएल | データベースとSQL | 데이터베이스 | 数据库和 SQL
Data analysis | Datenanalyse | Análisis de datos | Analyse de données | Analisi dei dati | Análise de dados | Анализ данных | تحليل البيانات | डेटा विश्लेषण | データ分析 | 데이터 분석 | 数据分析
Data visualisation | Datenvisualisierung | Visualización de datos | Visualisation de données | Visualizzazione dei dati | Visualização de dados | Визуализация данных | تصوير البيانات | डेटा चित्रण | データの可視化 | 데이터 시각화 | 数据可视化
Spreadsheets | Tabellenkalkulation | Hojas de cálculo | Tableurs | Fogli di calcolo | Planilhas | Электронные таблицы | جداول البيانات | स्प्रेडशीट | 表計算 | 스프레드시트 | 电子表格
Machine learning | Maschinelles Lernen | Aprendizaje automático | Apprentissage automatique | Apprendimento automatico | Aprendizado de máquina | Машинное обучение | تعلم الآلة | मशीन लर्निंग | 機械学習 | 기계 학습 | 机器学习
Artificial intelligence | Künstliche Intelligenz | Inteligencia artificial | Intelligence artificielle | Intelligenza artificiale | Inteligência artificial | Искусственный интеллект | الذكاء الاصطناعي | कृत्रिम बुद्धिमत्ता | 人工知能 | 인공 지능 | 人工智能
Prompts for assistants | Anweisungen für Assistenten | Instrucciones para asistentes | Consignes pour assistants | Istruzioni per assistenti | Instruções para assistentes | Запросы для ассистентов | توجيهات للمساعدات | सहायकों के लिए निर्देश | アシスタントへの指示文 | 어시스턴트용 지시문 | 助手提示词
Image generation | Bilder erzeugen | Generación de imágenes | Génération d''images | Generazione di immagini | Geração de imagens | Создание изображений | توليد الصور | चित्र बनाना | 画像生成 | 이미지 생성 | 图像生成
Algorithms and data structures | Algorithmen und Datenstrukturen | Algoritmos y estructuras de datos | Algorithmes et structures de données | Algoritmi e strutture dati | Algoritmos e estruturas de dados | Алгоритмы и структуры данных | الخوارزميات وهياكل البيانات | एल्गोरिद्म और डेटा संरचनाएँ | アルゴリズムとデータ構造 | 알고리즘과 자료 구조 | 算法和数据结构
Debugging | Fehlersuche im Code | Depuración de código | Débogage | Correzione degli errori nel codice | Depuração de código | Отладка кода | تصحيح الأخطاء البرمجية | कोड की गड़बड़ी ढूँढना | デバッグ | 디버깅 | 代码调试
Testing software | Softwaretests | Pruebas de software | Tests de logiciels | Test del software | Testes de software | Тестирование программ | اختبار البرمجيات | सॉफ़्टवेयर परीक्षण | ソフトウェアのテスト | 소프트웨어 테스트 | 软件测试
Code review | Codeprüfung | Revisión de código | Revue de code | Revisione del codice | Revisão de código | Проверка кода | مراجعة الشيفرة | कोड समीक्षा | コードレビュー | 코드 검토 | 代码审查
Version control | Versionsverwaltung | Control de versiones | Gestion de versions | Controllo di versione | Controle de versão | Контроль версий | إدارة الإصدارات | संस्करण नियंत्रण | バージョン管理 | 버전 관리 | 版本控制
Servers and deployment | Server und Bereitstellung | Servidores y despliegue | Serveurs et déploiement | Server e distribuzione | Servidores e implantação | Серверы и развёртывание | الخوادم والنشر | सर्वर और परिनियोजन | サーバーと配備 | 서버와 배포 | 服务器和部署
Cloud services | Cloud-Dienste | Servicios en la nube | Services dans le nuage | Servizi cloud | Serviços em nuvem | Облачные сервисы | الخدمات السحابية | क्लाउड सेवाएँ | クラウドサービス | 클라우드 서비스 | 云服务
Command line and scripts | Kommandozeile und Skripte | Línea de comandos y scripts | Ligne de commande et scripts | Riga di comando e script | Linha de comando e scripts | Командная строка и скрипты | سطر الأوامر والبرامج النصية | कमांड लाइन और स्क्रिप्ट | コマンドラインとスクリプト | 명령줄과 스크립트 | 命令行和脚本
Operating systems | Betriebssysteme | Sistemas operativos | Systèmes d''exploitation | Sistemi operativi | Sistemas operacionais | Операционные системы | أنظمة التشغيل | ऑपरेटिंग सिस्टम | オペレーティングシステム | 운영 체제 | 操作系统
Networks and internet | Netzwerke und Internet | Redes e internet | Réseaux et internet | Reti e internet | Redes e internet | Сети и интернет | الشبكات والإنترنت | नेटवर्क और इंटरनेट | ネットワークとインターネット | 네트워크와 인터넷 | 网络和互联网
Security and privacy | Sicherheit und Datenschutz | Seguridad y privacidad | Sécurité et vie privée | Sicurezza e privacy | Segurança e privacidade | Безопасность и приватность | الأمان والخصوصية | सुरक्षा और निजता | セキュリティとプライバシー | 보안과 개인 정보 보호 | 安全和隐私
Mobile apps | Mobile Apps | Aplicaciones móviles | Applications mobiles | App per cellulari | Aplicativos de celular | Мобильные приложения | تطبيقات الهاتف | मोबाइल ऐप | モバイルアプリ | 모바일 앱 | 手机应用
Phones and tablets | Handys und Tablets | Teléfonos y tabletas | Téléphones et tablettes | Telefoni e tablet | Celulares e tablets | Телефоны и планшеты | الهواتف والأجهزة اللوحية | फ़ोन और टैबलेट | スマートフォンとタブレット | 휴대폰과 태블릿 | 手机和平板
Computers and hardware | Computer und Hardware | Ordenadores y componentes | Ordinateurs et matériel | Computer e componenti | Computadores e peças | Компьютеры и оборудование | الحواسيب والعتاد | कंप्यूटर और हार्डवेयर | パソコンと機器 | 컴퓨터와 하드웨어 | 电脑和硬件
Printers and scanners | Drucker und Scanner | Impresoras y escáneres | Imprimantes et scanners | Stampanti e scanner | Impressoras e scanners | Принтеры и сканеры | الطابعات والماسحات | प्रिंटर और स्कैनर | プリンターとスキャナー | 프린터와 스캐너 | 打印机和扫描仪
Software installation | Softwareinstallation | Instalación de programas | Installation de logiciels | Installazione di programmi | Instalação de programas | Установка программ | تثبيت البرامج | सॉफ़्टवेयर इंस्टॉल करना | ソフトのインストール | 소프트웨어 설치 | 软件安装
Error messages | Fehlermeldungen | Mensajes de error | Messages d''erreur | Messaggi di errore | Mensagens de erro | Сообщения об ошибках | رسائل الخطأ | त्रुटि संदेश | エラーメッセージ | 오류 메시지 | 错误信息
Accounts and logging in | Benutzerkonten und Anmeldung | Cuentas e inicio de sesión | Comptes et connexion | Account e accesso | Contas e acesso | Учётные записи и вход | الحسابات وتسجيل الدخول | खाते और लॉगिन | アカウントとログイン | 계정과 로그인 | 账号和登录
Files and folders | Dateien und Ordner | Archivos y carpetas | Fichiers et dossiers | File e cartelle | Arquivos e pastas | Файлы и папки | الملفات والمجلدات | फ़ाइलें और फ़ोल्डर | ファイルとフォルダー | 파일과 폴더 | 文件和文件夹
Email and calendars | E-Mail und Kalender | Correo y calendarios | Messagerie et agendas | Posta e calendari | E-mail e calendários | Почта и календари | البريد والتقويم | ईमेल और कैलेंडर | メールとカレンダー | 이메일과 달력 | 邮件和日历
Text documents | Textdokumente | Documentos de texto | Documents texte | Documenti di testo | Documentos de texto | Текстовые документы | المستندات النصية | पाठ दस्तावेज़ | テキスト文書 | 텍스트 문서 | 文本文档
Websites | Websites | Sitios web | Sites web | Siti web | Sites | Веб-сайты | مواقع الويب | वेबसाइटें | ウェブサイト | 웹사이트 | 网站
Search engines | Suchmaschinen | Buscadores | Moteurs de recherche | Motori di ricerca | Mecanismos de busca | Поисковые системы | محركات البحث | खोज इंजन | 検索エンジン | 검색 엔진 | 搜索引擎
Games development | Spieleentwicklung | Desarrollo de juegos | Développement de jeux | Sviluppo di giochi | Desenvolvimento de jogos | Разработка игр | تطوير الألعاب | खेल विकास | ゲーム開発 | 게임 개발 | 游戏开发
Embedded devices | Eingebettete Geräte | Dispositivos embebidos | Appareils embarqués | Dispositivi integrati | Dispositivos embarcados | Встраиваемые устройства | الأجهزة المدمجة | एम्बेडेड उपकरण | 組み込み機器 | 임베디드 기기 | 嵌入式设备
Robots | Roboter | Robots | Robots | Robot | Robôs | Роботы | الروبوتات | रोबोट | ロボット | 로봇 | 机器人
Regular expressions | Reguläre Ausdrücke | Expresiones regulares | Expressions régulières | Espressioni regolari | Expressões regulares | Регулярные выражения | التعابير النمطية | नियमित व्यंजक | 正規表現 | 정규 표현식 | 正则表达式
Command shells | Kommando-Shells | Intérpretes de comandos | Interpréteurs de commandes | Interpreti dei comandi | Interpretadores de comandos | Командные оболочки | مفسرات الأوامر | कमांड शेल | コマンドシェル | 명령 셸 | 命令行外壳
APIs | Schnittstellen | Interfaces de programación | Interfaces de programmation | Interfacce di programmazione | Interfaces de programação | Программные интерфейсы | واجهات البرمجة | प्रोग्रामिंग इंटरफ़ेस | プログラム用インターフェース | 프로그래밍 인터페이스 | 编程接口
Configuration | Konfiguration | Configuración | Configuration | Configurazione | Configuração | Конфигурация | التهيئة | विन्यास | 構成設定 | 구성 설정 | 配置
Performance | Leistung | Rendimiento | Performances | Prestazioni | Desempenho | Производительность | الأداء | प्रदर्शन क्षमता | 性能 | 성능 | 性能
News and current affairs | Nachrichten und Zeitgeschehen | Noticias y actualidad | Actualités | Notizie e attualità | Notícias e atualidades | Новости и события | الأخبار والأحداث الجارية | समाचार और समसामयिकी | ニュースと時事 | 뉴스와 시사 | 新闻和时事
Government services | Behördendienste | Servicios públicos | Services publics | Servizi pubblici | Serviços públicos | Государственные услуги | الخدمات الحكومية | सरकारी सेवाएँ | 行政サービス | 정부 서비스 | 政府服务
Official forms | Amtliche Formulare | Formularios oficiales | Formulaires officiels | Moduli ufficiali | Formulários oficiais | Официальные бланки | النماذج الرسمية | सरकारी प्रपत्र | 公的な書類 | 공식 서식 | 官方表格
Legal questions | Rechtsfragen | Preguntas legales | Questions juridiques | Questioni legali | Dúvidas jurídicas | Юридические вопросы | أسئلة قانونية | कानूनी प्रश्न | 法律の質問 | 법률 질문 | 法律问题
Contracts | Verträge | Contratos | Contrats | Contratti | Contratos | Договоры | العقود | अनुबंध | 契約 | 계약 | 合同
Human rights | Menschenrechte | Derechos humanos | Droits humains | Diritti umani | Direitos humanos | Права человека | حقوق الإنسان | मानवाधिकार | 人権 | 인권 | 人权
Charity and volunteering | Spenden und Ehrenamt | Caridad y voluntariado | Dons et bénévolat | Beneficenza e volontariato | Caridade e voluntariado | Благотворительность и волонтёрство | العمل الخيري والتطوع | दान और स्वयंसेवा | 慈善とボランティア | 자선과 자원봉사 | 慈善和志愿服务
Military | Militär | Fuerzas armadas | Armée | Forze armate | Forças armadas | Армия | الشؤون العسكرية | सेना | 軍事 | 군사 | 军事
Energy | Energie | Energía | Énergie | Energia | Energia | Энергетика | الطاقة | ऊर्जा | エネルギー | 에너지 | 能源
Science and technology | Wissenschaft und Technik | Ciencia y tecnología | Science et technologie | Scienza e tecnologia | Ciência e tecnologia | Наука и техника | العلوم والتكنولوجيا | विज्ञान और प्रौद्योगिकी | 科学と技術 | 과학과 기술 | 科学和技术
Inventions | Erfindungen | Inventos | Inventions | Invenzioni | Invenções | Изобретения | الاختراعات | आविष्कार | 発明 | 발명 | 发明
Culture and traditions | Kultur und Bräuche | Cultura y tradiciones | Culture et traditions | Cultura e tradizioni | Cultura e tradições | Культура и традиции | الثقافة والتقاليد | संस्कृति और परंपराएँ | 文化と伝統 | 문화와 전통 | 文化和传统
Holidays and celebrations | Feiertage und Feste | Fiestas y celebraciones | Fêtes et célébrations | Feste e ricorrenze | Feriados e comemorações | Праздники | الأعياد والاحتفالات | त्योहार और उत्सव | 祝日とお祝い | 명절과 기념일 | 节日和庆祝
Art and museums | Kunst und Museen | Arte y museos | Art et musées | Arte e musei | Arte e museus | Искусство и музеи | الفن والمتاحف | कला और संग्रहालय | 美術と博物館 | 미술과 박물관 | 艺术和博物馆
Architecture | Architektur | Arquitectura | Architecture | Architettura | Arquitetura | Архитектура | الهندسة المعمارية | वास्तुकला | 建築 | 건축 | 建筑学
Fashion and beauty | Mode und Schönheit | Moda y belleza | Mode et beauté | Moda e bellezza | Moda e beleza | Мода и красота | الموضة والجمال | फ़ैशन और सौंदर्य | ファッションと美容 | 패션과 미용 | 时尚和美容
Celebrities and media | Prominente und Medien | Famosos y medios | Célébrités et médias | Celebrità e media | Celebridades e mídia | Знаменитости и СМИ | المشاهير والإعلام | हस्तियाँ और मीडिया | 有名人とメディア | 유명인과 미디어 | 名人和媒体
General knowledge | Allgemeinwissen | Cultura general | Culture générale | Cultura generale | Conhecimentos gerais | Общие знания | المعرفة العامة | सामान्य ज्ञान | 一般知識 | 일반 지식 | 常识
Definitions | Definitionen | Definiciones | Définitions | Definizioni | Definições | Определения | التعريفات | परिभाषाएँ | 定義 | 정의 | 定义
Comparisons | Vergleiche | Comparaciones | Comparaisons | Confronti | Comparações | Сравнения | المقارنات | तुलनाएँ | 比較 | 비교 | 比较
Calculations | Berechnungen | Cálculos | Calculs | Calcoli | Cálculos | Расчёты | الحسابات الرياضية | गणनाएँ | 計算 | 계산 | 计算
Unit conversion | Einheiten umrechnen | Conversión de unidades | Conversion d''unités | Conversione di unità | Conversão de unidades | Перевод единиц | تحويل الوحدات | इकाई रूपांतरण | 単位の換算 | 단위 변환 | 单位换算
Lists and tables | Listen und Tabellen | Listas y tablas | Listes et tableaux | Elenchi e tabelle | Listas e tabelas | Списки и таблицы | القوائم والجداول | सूचियाँ और तालिकाएँ | 一覧と表 | 목록과 표 | 列表和表格
Brainstorming | Ideensammlung | Lluvia de ideas | Recherche d''idées | Raccolta di idee | Geração de ideias | Поиск идей | العصف الذهني | विचार मंथन | アイデア出し | 아이디어 내기 | 头脑风暴
Advice and decisions | Rat und Entscheidungen | Consejos y decisiones | Conseils et décisions | Consigli e decisioni | Conselhos e decisões | Советы и решения | النصائح والقرارات | सलाह और निर्णय | 助言と決断 | 조언과 결정 | 建议和决定
Motivation and habits | Motivation und Gewohnheiten | Motivación y hábitos | Motivation et habitudes | Motivazione e abitudini | Motivação e hábitos | Мотивация и привычки | التحفيز والعادات | प्रेरणा और आदतें | やる気と習慣 | 동기와 습관 | 动力和习惯
Personal growth | Persönliche Entwicklung | Crecimiento personal | Développement personnel | Crescita personale | Crescimento pessoal | Личностный рост | تطوير الذات | व्यक्तिगत विकास | 自己成長 | 자기 계발 | 个人成长
Opinions and debates | Meinungen und Debatten | Opiniones y debates | Opinions et débats | Opinioni e dibattiti | Opiniões e debates | Мнения и споры | الآراء والنقاشات | विचार और बहस | 意見と議論 | 의견과 토론 | 观点和辩论
Hypothetical questions | Gedankenspiele | Preguntas hipotéticas | Questions hypothétiques | Domande ipotetiche | Perguntas hipotéticas | Гипотетические вопросы | أسئلة افتراضية | काल्पनिक प्रश्न | 仮定の質問 | 가정 질문 | 假设性问题
The assistant itself | Der Assistent selbst | El propio asistente | L''assistant lui-même | L''assistente stesso | O próprio assistente | О самом ассистенте | المساعد نفسه | स्वयं सहायक | アシスタント自身 | 어시스턴트 자체 | 助手本身
Device settings | Geräteeinstellungen | Ajustes del dispositivo | Réglages d''appareils | Impostazioni del dispositivo | Configurações do aparelho | Настройки устройства | إعدادات الجهاز | उपकरण की सेटिंग | 機器の設定 | 기기 설정 | 设备设置
Volume and playback | Lautstärke und Wiedergabe | Volumen y reproducción | Volume et lecture audio | Volume e riproduzione | Volume e reprodução | Громкость и воспроизведение | مستوى الصوت والتشغيل | आवाज़ और प्लेबैक | 音量と再生 | 음량과 재생 | 音量和播放
Calls and messages | Anrufe und Nachrichten | Llamadas y mensajes | Appels et messages | Chiamate e messaggi | Chamadas e mensagens | Звонки и сообщения | المكالمات والرسائل | कॉल और संदेश | 電話とメッセージ | 통화와 메시지 | 通话和短信
Cancelling and changing | Stornieren und Ändern | Cancelaciones y cambios | Annulations et modifications | Cancellazioni e modifiche | Cancelamentos e alterações | Отмена и изменение | الإلغاء والتغيير | रद्द करना और बदलना | 取り消しと変更 | 취소와 변경 | 取消和更改
Technical support | Technische Hilfe | Soporte técnico | Assistance technique | Assistenza tecnica | Suporte técnico | Техническая поддержка | الدعم الفني | तकनीकी सहायता | 技術サポート | 기술 지원 | 技术支持
Delivery problems | Lieferprobleme | Problemas de entrega | Problèmes de livraison | Problemi di consegna | Problemas de entrega | Проблемы с доставкой | مشاكل التوصيل | डिलीवरी की समस्याएँ | 配送の問題 | 배송 문제 | 配送问题
Opening hours | Öffnungszeiten | Horarios de apertura | Horaires d''ouverture | Orari di apertura | Horários de funcionamento | Часы работы | ساعات العمل | खुलने का समय | 営業時間 | 영업시간 | 营业时间
Local services | Dienste in der Nähe | Servicios locales | Services de proximité | Servizi locali | Serviços locais | Местные услуги | الخدمات المحلية | स्थानीय सेवाएँ | 地域のサービス | 지역 서비스 | 本地服务
Limits and restrictions | Grenzen und Beschränkungen | Límites y restricciones | Limites et restrictions | Limiti e restrizioni | Limites e restrições | Лимиты и ограничения | الحدود والقيود | सीमाएँ और प्रतिबंध | 上限と制限 | 한도와 제한 | 限额和限制
Age and eligibility | Alter und Berechtigung | Edad y requisitos | Âge et conditions d''accès | Età e requisiti | Idade e requisitos | Возраст и условия доступа | العمر والأهلية | आयु और पात्रता | 年齢と資格 | 나이와 자격 | 年龄和资格
Verification | Überprüfung | Verificación | Vérification | Verifica | Verificação | Проверка | التحقق | सत्यापन | 確認手続き | 확인 절차 | 验证
', chr(10)), chr(10)), lambda topic: string_split(topic, ' | '));
