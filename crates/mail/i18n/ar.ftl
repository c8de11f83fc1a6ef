nav-mail = البريد
mail-inbox = الوارد
mail-drafts = المسودات
mail-sent = المرسل
mail-archive = الأرشيف
mail-junk = غير المرغوب
mail-trash = المهملات
mail-boxes = صناديق البريد
mail-folders = المجلدات
mail-settings = إعدادات البريد
mail-letters = لم يُرسل
mail-write = كتابة
mail-search = البحث في البريد
mail-search-help = يبحث في المرسل والمستلم والموضوع والكلمات الأولى.
mail-search-none = لم يُعثر على شيء عن «{ $s }».
mail-me = أنا
mail-to-short = إلى: { $s }
mail-select = اختيار: { $s }
mail-unread = غير مقروءة
mail-flagged = مميزة بنجمة
mail-answered = أُجيب عنها
mail-has-file = معها ملفات
mail-no-subject = (بلا موضوع)
mail-empty = لا شيء هنا.
mail-older = الأقدم
mail-newest = الأحدث
mail-more = المزيد
mail-do-archive = أرشفة
mail-do-delete = حذف
mail-do-read = تعليم كمقروءة
mail-do-unread = تعليم كغير مقروءة
mail-do-flag = تمييز بنجمة
mail-do-unflag = إزالة النجمة
mail-do-junk = غير مرغوب فيها
mail-do-move = نقل إلى
mail-move = نقل
mail-to-inbox = إعادة إلى الوارد
mail-empty-it = حذف الكل نهائيًا
mail-empty-sure = نعم، كل ما هنا
mail-done-sent = أُرسلت.
mail-done-saved = حُفظت.
mail-sending = يجري إرسال الرسالة.
mail-undo = تراجع
mail-back = رجوع
mail-print = طباعة
mail-open-all = فتح كل الرسائل
mail-thread-cut = تظهر أحدث رسائل هذه المحادثة فقط.
mail-from = من
mail-to = إلى
mail-cc = نسخة
mail-bcc = نسخة مخفية
mail-date = التاريخ
mail-subject = الموضوع
mail-text = النص
mail-files = الملفات
mail-reply = رد
mail-reply-all = رد على الجميع
mail-forward = إعادة توجيه
mail-edit = متابعة الكتابة
mail-as-text = كنص
mail-as-html = كما صُممت
mail-source = حفظ الرسالة
mail-quoted = نص مقتبس
mail-text-cut = للنص بقية: احفظ الرسالة لتقرأها كلها.
mail-frame = رسالة { $s }
mail-frame-old = هذا العنوان قديم جدًا: افتح الرسالة مرة أخرى.
mail-remote-blocked = لم تُحمَّل صور من أماكن أخرى: فهي تخبر المرسل بأنك قرأت الرسالة.
mail-remote-show = تحميلها
mail-wrote = كتب { $who } ({ $when }):
mail-forwarded = رسالة معاد توجيهها
mail-attach = إرفاق ملفات
mail-attach-now = إرفاق الآن
mail-inline = داخل النص
mail-drop = إزالة { $s }
mail-drop-here = أفلت الملفات هنا
mail-send = إرسال
mail-save = حفظ
mail-discard = تجاهل
mail-discard-sure = أتريد تجاهل هذه الرسالة؟
mail-saved = حُفظت
mail-unsaved = لم تُحفظ: تُعاد المحاولة
mail-suggestions = أشخاص
mail-directory = الدليل
mail-find-person = البحث عن شخص
mail-failed = تعذر الإرسال:
mail-waits = قيد الإرسال
mail-sent-already = أُرسلت هذه الرسالة من قبل.
mail-no-recipient = اذكر لمن تُرسل.
mail-many-recipients = المستلمون كثيرون: المسموح 500.
mail-bad-recipient = «{ $s }» ليس عنوانًا.
mail-nobody = لا أحد هنا له العنوان { $s }.
mail-no-way = لا طريق إلى { $s }: ليس لهذه العقدة وصلة لإرسال البريد إلى العالم الخارجي.
mail-too-large = الملفات أكبر من أن تسعها رسالة واحدة.
mail-folder-name = الاسم
mail-folder-new = مجلد جديد
mail-folder-help = وضع / في الاسم يضع مجلدًا داخل آخر: مشاريع/آبار
mail-folder-rename = إعادة تسمية
mail-folder-rename-to = الاسم الجديد لـ { $s }
mail-folder-sure = يذهب بريده إلى المهملات
mail-address = عنوانك
mail-used = المستخدم { $s }
mail-used-of = المستخدم { $used } من { $room }
mail-signature = التوقيع
mail-undo-s = مهلة التراجع عن الإرسال
mail-vacation = غائب
mail-vacation-on = الرد على من يكتب بأنني غائب
mail-vacation-help = يُبلَّغ كل شخص مرة في الأسبوع. لا يُرد على القوائم والبرامج.
mail-rules = القواعد
mail-rules-help = يُنظر فيها بهذا الترتيب عند وصول رسالة.
mail-rule-if = إذا
mail-rule-has = يحتوي على
mail-rule-then = فعندها
mail-rule-box = المجلد
mail-rule-forward = عنوان في هذه العقدة
mail-rule-add = إضافة قاعدة
mail-rule-no-words = اذكر ما تبحث عنه القاعدة.
mail-rule-nobody = لا تذهب النسخة إلا إلى شخص آخر في هذه العقدة.
mail-rule-too-many = توجد 100 قاعدة: احذف بعضها أولًا.
mail-field-from = من
mail-field-to = إلى أو نسخة
mail-field-subject = الموضوع
mail-field-list = قائمة بريدية
mail-field-any = أيّ منها
mail-action-move = نقل إلى المجلد
mail-action-flag = تمييز بنجمة
mail-action-read = تعليم كمقروءة
mail-action-forward = إرسال نسخة إلى
mail-action-delete = حذف
mail-done-moved = { $n ->
    [zero] لم تُنقل رسائل.
    [one] نُقلت رسالة واحدة.
    [two] نُقلت رسالتان.
    [few] نُقلت { $shown } رسائل.
    [many] نُقلت { $shown } رسالة.
   *[other] نُقلت { $shown } رسالة.
    }
mail-done-deleted = { $n ->
    [zero] لم تُحذف رسائل.
    [one] حُذفت رسالة واحدة.
    [two] حُذفت رسالتان.
    [few] حُذفت { $shown } رسائل.
    [many] حُذفت { $shown } رسالة.
   *[other] حُذفت { $shown } رسالة.
    }
mail-messages = { $n ->
    [zero] لا رسائل
    [one] رسالة واحدة
    [two] رسالتان
    [few] { $shown } رسائل
    [many] { $shown } رسالة
   *[other] { $shown } رسالة
    }
mail-seconds = { $n ->
    [0] بلا مهلة
    [one] ثانية واحدة
    [two] ثانيتان
    [few] { $shown } ثوانٍ
    [many] { $shown } ثانية
   *[other] { $shown } ثانية
    }
