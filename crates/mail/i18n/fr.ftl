nav-mail = Courrier
mail-inbox = Boîte de réception
mail-drafts = Brouillons
mail-sent = Envoyés
mail-archive = Archives
mail-junk = Indésirables
mail-trash = Corbeille
mail-boxes = Boîtes
mail-folders = Dossiers
mail-settings = Réglages du courrier
mail-letters = Non envoyés
mail-write = Écrire
mail-search = Chercher dans le courrier
mail-search-help = Cherche dans l’expéditeur, les destinataires, l’objet et les premiers mots.
mail-search-none = Rien n’a été trouvé pour « { $s } ».
mail-today = Aujourd’hui
mail-me = moi
mail-to-short = À : { $s }
mail-select = Choisir : { $s }
mail-unread = Non lu
mail-flagged = Suivi
mail-answered = Répondu
mail-has-file = Avec fichiers
mail-no-subject = (sans objet)
mail-empty = Rien ici.
mail-older = Plus anciens
mail-newest = Les plus récents
mail-more = Plus
mail-do-archive = Archiver
mail-do-delete = Supprimer
mail-do-read = Marquer comme lu
mail-do-unread = Marquer comme non lu
mail-do-flag = Suivre
mail-do-unflag = Ne plus suivre
mail-do-junk = C’est indésirable
mail-do-move = Déplacer vers
mail-move = Déplacer
mail-to-inbox = Remettre dans la boîte de réception
mail-empty-it = Tout supprimer définitivement
mail-empty-sure = Oui, tout ce qui est ici
mail-done-sent = Envoyé.
mail-done-saved = Enregistré.
mail-sending = Le message est en cours d’envoi.
mail-undo = Annuler
mail-back = Retour
mail-print = Imprimer
mail-open-all = Ouvrir tous les messages
mail-thread-cut = Seuls les messages les plus récents de cette conversation sont montrés.
mail-from = De
mail-to = À
mail-cc = Cc
mail-bcc = Cci
mail-date = Date
mail-subject = Objet
mail-text = Texte
mail-files = Fichiers
mail-reply = Répondre
mail-reply-all = Répondre à tous
mail-forward = Transférer
mail-edit = Continuer d’écrire
mail-as-text = En texte
mail-as-html = Comme conçu
mail-source = Enregistrer le message
mail-quoted = Texte cité
mail-text-cut = Le texte continue : enregistrez le message pour tout lire.
mail-frame = Message de { $s }
mail-frame-old = Cette adresse est trop ancienne : ouvrez de nouveau le message.
mail-remote-blocked = Les images d’ailleurs n’ont pas été chargées : elles diraient à l’expéditeur que vous avez lu ceci.
mail-remote-show = Les charger
mail-wrote = { $who } a écrit ({ $when }) :
mail-forwarded = Message transféré
mail-attach = Joindre des fichiers
mail-attach-now = Joindre maintenant
mail-inline = dans le texte
mail-drop = Retirer { $s }
mail-drop-here = Déposez les fichiers ici
mail-send = Envoyer
mail-save = Enregistrer
mail-discard = Abandonner
mail-discard-sure = Abandonner ce message ?
mail-saved = Enregistré
mail-unsaved = Non enregistré : nouvel essai
mail-suggestions = Personnes
mail-directory = Annuaire
mail-find-person = Chercher une personne
mail-failed = N’a pas pu être envoyé :
mail-waits = En cours d’envoi
mail-sent-already = Ce message a déjà été envoyé.
mail-no-recipient = Indiquez à qui il est adressé.
mail-many-recipients = Trop de destinataires : 500 au plus.
mail-bad-recipient = « { $s } » n’est pas une adresse.
mail-nobody = Personne ici n’a l’adresse { $s }.
mail-no-way = Il n’y a pas encore de voie vers { $s } : seules les personnes de ce nœud sont joignables.
mail-too-large = Les fichiers sont trop gros pour un message.
mail-folder-name = Nom
mail-folder-new = Nouveau dossier
mail-folder-help = Un / dans le nom met un dossier dans un autre : Projets/Puits
mail-folder-rename = Renommer
mail-folder-rename-to = Nouveau nom de { $s }
mail-folder-sure = Son courrier va à la corbeille
mail-address = Votre adresse
mail-used = { $s } utilisés
mail-used-of = { $used } utilisés sur { $room }
mail-signature = Signature
mail-undo-s = Délai pour reprendre un message
mail-retention = Vider corbeille et indésirables après
mail-never = Jamais
mail-vacation = Absence
mail-vacation-on = Répondre à ceux qui écrivent que je suis absent
mail-vacation-help = Chaque personne est prévenue une fois par semaine. Listes et programmes ne reçoivent pas de réponse.
mail-rules = Règles
mail-rules-help = Elles sont examinées dans cet ordre quand un message arrive.
mail-rule-if = Si
mail-rule-has = contient
mail-rule-then = alors
mail-rule-box = Dossier
mail-rule-forward = Adresse sur ce nœud
mail-rule-add = Ajouter la règle
mail-rule-no-words = Indiquez ce que la règle cherche.
mail-rule-nobody = Une copie ne peut aller qu’à une autre personne de ce nœud.
mail-rule-too-many = Il y a déjà 100 règles : supprimez-en d’abord.
mail-field-from = De
mail-field-to = À ou Cc
mail-field-subject = Objet
mail-field-list = Liste de diffusion
mail-field-any = L’un d’eux
mail-action-move = déplacer dans le dossier
mail-action-flag = suivre
mail-action-read = marquer comme lu
mail-action-forward = envoyer une copie à
mail-action-delete = supprimer
mail-done-moved = { $n ->
    [one] Un message a été déplacé.
   *[other] { $shown } messages ont été déplacés.
    }
mail-done-deleted = { $n ->
    [one] Un message a été supprimé.
   *[other] { $shown } messages ont été supprimés.
    }
mail-messages = { $n ->
    [one] Un message
   *[other] { $shown } messages
    }
mail-seconds = { $n ->
    [0] Aucun
    [one] Une seconde
   *[other] { $shown } secondes
    }
mail-days = { $n ->
    [one] Un jour
   *[other] { $shown } jours
    }
