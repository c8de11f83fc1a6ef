nav-mail = Почта
mail-inbox = Входящие
mail-drafts = Черновики
mail-sent = Отправленные
mail-archive = Архив
mail-junk = Спам
mail-trash = Корзина
mail-boxes = Почтовые ящики
mail-folders = Папки
mail-settings = Настройки почты
mail-letters = Неотправленные
mail-write = Написать
mail-search = Поиск в почте
mail-search-help = Ищет по людям, темам, всему тексту и вложенным файлам.
mail-search-none = По запросу «{ $s }» ничего не найдено.
mail-me = я
mail-to-short = Кому: { $s }
mail-select = Выбрать: { $s }
mail-unread = Не прочитано
mail-flagged = Отмечено
mail-answered = Есть ответ
mail-has-file = С файлами
mail-no-subject = (без темы)
mail-empty = Здесь ничего нет.
mail-older = Более старые
mail-newest = Самые новые
mail-more = Ещё
mail-do-archive = В архив
mail-do-delete = Удалить
mail-do-read = Прочитано
mail-do-unread = Не прочитано
mail-do-flag = Отметить
mail-do-unflag = Снять отметку
mail-do-junk = Это спам
mail-do-move = Переместить в
mail-move = Переместить
mail-to-inbox = Вернуть во входящие
mail-empty-it = Удалить всё навсегда
mail-empty-sure = Да, всё, что здесь
mail-done-sent = Отправлено.
mail-done-saved = Сохранено.
mail-sending = Письмо отправляется.
mail-undo = Отменить
mail-back = Назад
mail-print = Печать
mail-open-all = Раскрыть все письма
mail-thread-cut = Показаны только новейшие письма этой беседы.
mail-earlier = { $n ->
    [one] { $shown } более раннее письмо
    [few] { $shown } более ранних письма
    [many] { $shown } более ранних писем
   *[other] { $shown } более раннего письма
    }
mail-later = { $n ->
    [one] { $shown } более позднее письмо
    [few] { $shown } более поздних письма
    [many] { $shown } более поздних писем
   *[other] { $shown } более позднего письма
    }
mail-more-people = { $n ->
    [one] Ещё { $shown } человек
    [few] Ещё { $shown } человека
    [many] Ещё { $shown } человек
   *[other] Ещё { $shown } человека
    }
mail-failed-letters = { $n ->
    [one] Не удалось отправить { $shown } письмо.
    [few] Не удалось отправить { $shown } письма.
    [many] Не удалось отправить { $shown } писем.
   *[other] Не удалось отправить { $shown } письма.
    }
mail-signed-out = Сеанс закончился. Войдите в другом окне и продолжайте здесь: ничего из написанного не потеряно.
mail-look-again = Тем временем вы вошли заново. Просмотрите написанное, приложите файлы ещё раз и отправьте или сохраните письмо.
mail-from = От
mail-to = Кому
mail-cc = Копия
mail-bcc = Скрытая копия
mail-date = Дата
mail-subject = Тема
mail-text = Текст
mail-files = Файлы
mail-reply = Ответить
mail-reply-all = Ответить всем
mail-forward = Переслать
mail-edit = Продолжить писать
mail-as-text = Как текст
mail-as-html = Как оформлено
mail-source = Сохранить письмо
mail-quoted = Цитата
mail-text-cut = Текст продолжается: сохраните письмо, чтобы прочитать всё.
mail-frame = Письмо от { $s }
mail-frame-old = Адрес устарел: откройте письмо ещё раз.
mail-remote-blocked = Картинки из других мест не загружены: по ним отправитель узнал бы, что вы это прочитали.
mail-remote-show = Загрузить
mail-wrote = { $who } пишет ({ $when }):
mail-forwarded = Пересланное письмо
mail-attach = Прикрепить файлы
mail-attach-now = Прикрепить сейчас
mail-inline = в тексте
mail-drop = Убрать { $s }
mail-drop-here = Перетащите файлы сюда
mail-send = Отправить
mail-save = Сохранить
mail-discard = Удалить черновик
mail-discard-sure = Удалить этот черновик?
mail-saved = Сохранено
mail-unsaved = Не сохранено: будет новая попытка
mail-suggestions = Люди
mail-directory = Справочник
mail-find-person = Найти человека
mail-failed = Не удалось отправить:
mail-waits = Отправляется
mail-sent-already = Это письмо уже отправлено.
mail-no-recipient = Укажите, кому отправить.
mail-many-recipients = Слишком много получателей: можно не больше 500.
mail-bad-recipient = «{ $s }» — не адрес.
mail-nobody = Здесь ни у кого нет адреса { $s }.
mail-no-way = До { $s } нет пути: у этого узла нет связи для почты с внешним миром.
mail-too-large = Файлы слишком велики: в одном письме может быть { $s }.
mail-folder-name = Название
mail-folder-new = Новая папка
mail-folder-help = Знак / в названии кладёт папку в другую: Проекты/Колодцы
mail-folder-rename = Переименовать
mail-folder-rename-to = Новое название для { $s }
mail-folder-sure = Письма из неё попадут в корзину
mail-address = Ваш адрес
mail-used = Занято { $s }
mail-used-of = Занято { $used } из { $room }
mail-signature = Подпись
mail-undo-s = Время на отмену отправки
mail-vacation = Отсутствие
mail-vacation-on = Отвечать, что меня нет
mail-vacation-help = Каждый получает такой ответ не чаще раза в неделю. Рассылкам и программам ответа нет.
mail-rules = Правила
mail-rules-help = Применяются в этом порядке, когда приходит письмо.
mail-rule-if = Если
mail-rule-has = содержит
mail-rule-then = то
mail-rule-box = Папка
mail-rule-forward = Адрес на этом узле
mail-rule-add = Добавить правило
mail-rule-no-words = Укажите, что ищет правило.
mail-rule-nobody = Копию можно послать только другому человеку этого узла.
mail-rule-too-many = Правил уже 100: сначала удалите некоторые.
mail-field-from = От
mail-field-to = Кому или копия
mail-field-subject = Тема
mail-field-list = Рассылка
mail-field-any = Любое из них
mail-action-move = переместить в папку
mail-action-flag = отметить
mail-action-read = отметить прочитанным
mail-action-forward = послать копию
mail-action-delete = удалить
mail-done-moved = { $n ->
    [one] Перемещено { $shown } письмо.
    [few] Перемещено { $shown } письма.
    [many] Перемещено { $shown } писем.
   *[other] Перемещено { $shown } письма.
    }
mail-done-deleted = { $n ->
    [one] Удалено { $shown } письмо.
    [few] Удалено { $shown } письма.
    [many] Удалено { $shown } писем.
   *[other] Удалено { $shown } письма.
    }
mail-messages = { $n ->
    [one] { $shown } письмо
    [few] { $shown } письма
    [many] { $shown } писем
   *[other] { $shown } письма
    }
mail-seconds = { $n ->
    [0] Нет
    [one] { $shown } секунда
    [few] { $shown } секунды
    [many] { $shown } секунд
   *[other] { $shown } секунды
    }

# Mail programs, and mail in and out
setup-title = Почтовые программы
setup-intro = У каждого устройства свой пароль, который можно отозвать, не трогая остальных. Как называется устройство?
setup-device = Устройство или программа
setup-device-hint = Например «телефон» или «Thunderbird на работе».
setup-device-empty = Скажите, как называется устройство.
setup-too-many = У вас уже { $shown } паролей для устройств: отзовите тот, которым больше не пользуетесь.
setup-make = Создать пароль
setup-made = Пароль для { $s }
setup-once = Он показан только сейчас. Скопируйте его в почтовую программу или отсканируйте код; запоминать его не нужно.
setup-scan = В Delta Chat выберите другой сервер, затем сканирование кода, и отсканируйте этот. На этом же устройстве коснитесь его.
setup-code = QR-код для Delta Chat
setup-profile = Получить профиль с этим паролем
setup-profile-plain = Профиль без пароля
setup-profile-why = В профиле учётная запись, пароль и сертификат этого узла.
setup-off = Этот узел сейчас не принимает почтовые программы. Спросите того, кто за ним следит.
setup-servers = Настройки
setup-address = Почтовый адрес
setup-user = Имя пользователя
setup-password = Пароль
setup-password-is = созданный здесь для устройства, а не тот, с которым вы входите
setup-host = Сервер
setup-port = Порт
setup-security = Защита
setup-incoming = Входящая почта
setup-outgoing = Исходящая почта
setup-first = Если указано несколько, лучше всего первый.
setup-trust = Сертификат выпущен самим узлом: программы спрашивают о нём, пока устройство узлу не доверяет.
setup-trust-link = Как довериться узлу
setup-programs = По шагам
setup-thunderbird = Выберите добавление почтовой учётной записи, укажите своё имя, { $s } и пароль сверху. Если Thunderbird не найдёт настройки сам, выберите настройку вручную и перенесите таблицу. Если он предупредит о сертификате, сравните отпечаток и подтвердите.
setup-apple = Откройте эту страницу на устройстве, создайте пароль и получите профиль. Затем установите его: на iPhone или iPad в «Настройки», «Основные», «VPN и управление устройством»; на Mac в «Системные настройки», «Управление устройствами». На iPhone или iPad напоследок включите сертификат в «Настройки», «Основные», «Об этом устройстве», «Доверие сертификатам».
setup-android = Укажите адрес и пароль, выберите IMAP и настройку вручную и перенесите таблицу. Когда программа покажет сертификат, сравните отпечаток и примите его.
setup-outlook = Сначала доверьтесь сертификату узла в Windows. Затем добавьте учётную запись, выберите настройку вручную, выберите IMAP и перенесите таблицу.
setup-delta = Создайте пароль выше и отсканируйте код: вводить ничего не нужно. Чтобы видеть и почту обычных программ, отключите в настройках учётной записи показ одних только зашифрованных сообщений.
setup-delta-ascii = Delta Chat принимает адреса только латинскими буквами. Попросите второй адрес у того, кто следит за узлом.
setup-mutt = Сохраните сертификат узла как lampion-ca.crt в домашней папке и впишите в ~/.muttrc:
setup-devices = Устройства
setup-no-devices = Пока ни одного.
setup-never-used = не использовался
setup-used = последний раз { $s }
setup-revoke = Отозвать
setup-keep = Что удаляют программы
setup-keep-why = Некоторые программы удаляют письма с сервера, как только их заберут. Узел может какое-то время хранить их там, где найдёте только вы: в «Сохранённых» в браузере.
setup-keep-days = Хранить удалённые письма
setup-keep-not = не хранить
setup-days = { $n ->
    [one] { $shown } день
    [few] { $shown } дня
   *[other] { $shown } дней
    }
setup-dns = Для того, кто ведёт DNS
setup-dns-why = С этими записями в зоне домена узла почтовые программы находят настройки сами (RFC 6186).
transfer-title = Импорт и экспорт почты
transfer-jobs = Текущие и завершённые
transfer-from-server = С другого почтового сервера
transfer-from-files = Из файлов
transfer-queued = ждёт
transfer-running = идёт
transfer-done = готово
transfer-ended = прервано из-за ошибки
transfer-cancelled = отменено
transfer-taken = { $n ->
    [one] взято { $shown } письмо
    [few] взято { $shown } письма
   *[other] взято { $shown } писем
    }
transfer-failed = { $n ->
    [one] { $shown } взять не удалось
   *[other] { $shown } взять не удалось
    }
transfer-cancel = Отменить
transfer-look = Посмотреть снова
transfer-out = Забрать всё с собой
transfer-have = { $n ->
    [one] У вас { $shown } письмо
    [few] У вас { $shown } письма
   *[other] У вас { $shown } писем
    }
transfer-out-why = Все ваши ящики одним архивом, в любое время: как Maildir (с папками, пометками и временем; его читают mutt, Dovecot и другие) или как mbox (файл на каждый ящик; его берут Thunderbird и Apple Mail).
transfer-server = С другого почтового сервера
transfer-server-why = Копируются все ящики с пометками и временем. Там ничего не меняется. Если связь прервётся, работа продолжится сама; если начать её позже снова, будет взято только новое.
transfer-host = Сервер (IMAP)
transfer-secure = Защита
transfer-plain = нет (только в сети, которой вы доверяете)
transfer-port = Порт
transfer-port-hint = Только если он не обычный.
transfer-user = Имя пользователя там
transfer-password = Пароль там
transfer-password-hint = Хранится запечатанным, пока всё не придёт, затем забывается.
transfer-trusted = Отпечаток его сертификата
transfer-trusted-hint = Только если сертификат выпущен самим сервером; отпечаток назван в сообщении об ошибке.
transfer-begin = Начать
transfer-files = Из файлов
transfer-files-why = Файлы mbox (как у Thunderbird), отдельные письма (.eml) или .tar с Maildir.
transfer-mailbox = В этот ящик
transfer-mailbox-hint = Пусто: ящики называются как файлы и папки.
transfer-choose = Файлы
transfer-incomplete = Нужны сервер и имя пользователя; порт — это число.
mail-kept = Сохранённые
me-bad-name = «{ $s }» не подходит как имя: оно пустое, слишком длинное или содержит недопустимый знак.
me-exists = «{ $s }» уже занято.
me-nobody = Здесь нет «{ $s }».
me-full = Ящик { $s } переполнен: сначала там нужно что-то удалить.
me-many-folders = Папок уже { $s }, больше нельзя: сначала удалите некоторые.
me-needs-owner = Списку нужен владелец: сначала назначьте другого.
me-needs-manager = Кто-то должен управлять ящиком: сначала назначьте другого.
me-many-members = Больше участников добавить нельзя: добавьте группу.
me-enough = Больше создать на этом узле нельзя.
me-no-sender = У письма нет отправителя, которому можно ответить.
me-into-itself = Папку нельзя поместить в саму себя.
mail-done = Готово.
mail-select-all = Выбрать все
mail-empty-inbox = Во входящих пусто. Сюда приходят письма на адрес { $s }.
mail-rule-up = Выше
mail-rules-none = Правил пока нет. С правилом письма списка или человека сами попадают в папку.
mail-vacation-empty = Напишите, что отвечать, пока вас нет.
