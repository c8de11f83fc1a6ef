nav-mail = Почта
mail-inbox = Входящие
mail-drafts = Черновики
mail-sent = Отправленные
mail-archive = Архив
mail-junk = Спам
mail-trash = Корзина
mail-boxes = Ящики
mail-folders = Папки
mail-settings = Настройки почты
mail-letters = Неотправленные
mail-write = Написать
mail-search = Поиск в почте
mail-search-help = Ищет по отправителю, получателю, теме и первым словам.
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
mail-edit = Продолжить письмо
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
mail-discard = Отказаться
mail-discard-sure = Отказаться от этого письма?
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
mail-too-large = Файлы слишком велики для одного письма.
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
mail-undo-s = Время, чтобы вернуть письмо
mail-vacation = Отсутствие
mail-vacation-on = Отвечать пишущим, что меня нет
mail-vacation-help = Каждому сообщается раз в неделю. Рассылкам и программам ответа нет.
mail-rules = Правила
mail-rules-help = Проверяются в этом порядке, когда приходит письмо.
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
