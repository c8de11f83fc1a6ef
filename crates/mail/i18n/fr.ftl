nav-mail = Courrier
mail-inbox = Boîte de réception
mail-drafts = Brouillons
mail-sent = Envoyés
mail-archive = Archives
mail-junk = Indésirables
mail-trash = Corbeille
mail-boxes = Boîtes de courrier
mail-folders = Dossiers
mail-settings = Réglages du courrier
mail-letters = Non envoyés
mail-write = Écrire
mail-search = Chercher dans le courrier
mail-search-help = Cherche parmi les personnes, les objets, tout le texte et les fichiers joints.
mail-search-none = Rien n’a été trouvé pour « { $s } ».
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
mail-do-junk = C’est du courrier indésirable
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
mail-earlier = { $n ->
    [one] Un message plus ancien
   *[other] { $shown } messages plus anciens
    }
mail-later = { $n ->
    [one] Un message plus récent
   *[other] { $shown } messages plus récents
    }
mail-more-people = { $n ->
    [one] Encore une personne
   *[other] Encore { $shown } personnes
    }
mail-failed-letters = { $n ->
    [one] Un message n’a pas pu être envoyé.
   *[other] { $shown } messages n’ont pas pu être envoyés.
    }
mail-signed-out = Vous n’êtes plus connecté. Connectez-vous dans une autre fenêtre, puis continuez ici : rien de ce que vous avez écrit n’est perdu.
mail-look-again = Vous vous êtes reconnecté entre-temps. Relisez ce que vous avez écrit, joignez de nouveau les fichiers, puis envoyez ou enregistrez.
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
mail-no-way = Aucun chemin vers { $s } : ce nœud n’a pas de liaison pour le courrier vers l’extérieur.
mail-too-large = Les fichiers sont trop gros : un message peut en porter { $s }.
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
mail-undo-s = Délai pour annuler l’envoi
mail-vacation = Absence
mail-vacation-on = Répondre automatiquement que je suis absent
mail-vacation-help = Chaque personne est prévenue une fois par semaine. Listes et programmes ne reçoivent pas de réponse.
mail-rules = Règles
mail-rules-help = Elles s’appliquent dans cet ordre quand un message arrive.
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

# Mail programs, and mail in and out
setup-title = Programmes de courrier
setup-intro = Chaque appareil a son propre mot de passe, que vous pouvez révoquer sans toucher aux autres. Dites comment s’appelle l’appareil :
setup-device = Appareil ou programme
setup-device-hint = Par exemple « téléphone » ou « Thunderbird au travail ».
setup-device-empty = Dites comment s’appelle l’appareil.
setup-too-many = Vous avez déjà { $shown } mots de passe d’appareils : révoquez-en un qui ne sert plus.
setup-make = Créer un mot de passe
setup-made = Mot de passe pour { $s }
setup-once = Il n’est montré que cette fois. Copiez-le dans le programme de courrier ou scannez le code ; inutile de le retenir.
setup-scan = Dans Delta Chat, choisissez d’utiliser un autre serveur, puis de scanner un code, et scannez celui-ci. Sur cet appareil même, touchez-le.
setup-code = Code QR pour Delta Chat
setup-profile = Obtenir le profil avec ce mot de passe
setup-profile-plain = Profil sans mot de passe
setup-profile-why = Le profil apporte le compte, le mot de passe et le certificat de ce nœud.
setup-off = Ce nœud n’écoute pas les programmes de courrier en ce moment. Demandez à qui s’en occupe.
setup-servers = Réglages
setup-address = Adresse
setup-user = Nom d’utilisateur
setup-password = Mot de passe
setup-password-is = celui créé ici pour l’appareil ; jamais celui avec lequel vous vous connectez
setup-host = Serveur
setup-port = Port
setup-security = Sécurité
setup-incoming = Entrant
setup-outgoing = Sortant
setup-first = S’il y en a plusieurs, le premier est le meilleur.
setup-trust = Le certificat est celui du nœud lui-même : les programmes posent la question tant que l’appareil ne fait pas confiance au nœud.
setup-trust-link = Comment lui faire confiance
setup-programs = Pas à pas
setup-thunderbird = Choisissez d’ajouter un compte de courrier et donnez votre nom, { $s } et le mot de passe ci-dessus. Si Thunderbird ne trouve pas les réglages lui-même, choisissez la configuration manuelle et copiez le tableau. S’il avertit du certificat, comparez l’empreinte et confirmez.
setup-apple = Ouvrez cette page sur l’appareil, créez un mot de passe et obtenez le profil. Installez-le ensuite : sur un iPhone ou iPad dans Réglages, Général, VPN et gestion de l’appareil ; sur un Mac dans Réglages Système, Gestion des appareils. Sur un iPhone ou iPad, activez enfin le certificat dans Réglages, Général, Informations, Réglages de confiance des certificats.
setup-android = Donnez l’adresse et le mot de passe, choisissez IMAP et la configuration manuelle, et copiez le tableau. Quand le programme montre le certificat, comparez l’empreinte et acceptez.
setup-outlook = Faites d’abord confiance au certificat du nœud dans Windows. Ajoutez ensuite un compte, choisissez de le configurer à la main, choisissez IMAP et copiez le tableau.
setup-delta = Créez un mot de passe ci-dessus et scannez le code : il n’y a rien à taper. Pour voir aussi le courrier des programmes ordinaires, désactivez dans les réglages du compte l’affichage des seuls messages chiffrés.
setup-delta-ascii = Delta Chat n’accepte que des adresses en lettres latines sans accents. Demandez une seconde adresse à qui s’occupe de ce nœud.
setup-mutt = Enregistrez le certificat du nœud sous lampion-ca.crt dans votre dossier personnel, et mettez ceci dans ~/.muttrc :
setup-devices = Appareils
setup-no-devices = Aucun pour l’instant.
setup-never-used = jamais utilisé
setup-used = dernière utilisation le { $s }
setup-revoke = Révoquer
setup-keep = Ce que les programmes effacent
setup-keep-why = Certains programmes effacent les messages du serveur dès qu’ils les ont relevés. Le nœud peut les garder un temps là où vous seul les trouvez : dans « Gardés », dans le navigateur.
setup-keep-days = Garder les messages effacés
setup-keep-not = pas du tout
setup-days = { $n ->
    [one] { $shown } jour
   *[other] { $shown } jours
    }
setup-dns = Pour qui tient le DNS
setup-dns-why = Avec ces enregistrements dans la zone du domaine du nœud, les programmes de courrier trouvent les réglages eux-mêmes (RFC 6186).
transfer-title = Import et export du courrier
transfer-jobs = En cours et terminé
transfer-from-server = Depuis un autre serveur
transfer-from-files = Depuis des fichiers
transfer-queued = en attente
transfer-running = en cours
transfer-done = terminé
transfer-ended = arrêté par un problème
transfer-cancelled = annulé
transfer-taken = { $n ->
    [one] { $shown } message repris
   *[other] { $shown } messages repris
    }
transfer-failed = { $n ->
    [one] { $shown } n’a pas pu être repris
   *[other] { $shown } n’ont pas pu être repris
    }
transfer-cancel = Annuler
transfer-look = Regarder de nouveau
transfer-out = Tout emporter
transfer-have = { $n ->
    [one] Vous avez { $shown } message
   *[other] Vous avez { $shown } messages
    }
transfer-out-why = Toutes vos boîtes dans une archive, à tout moment : en Maildir (avec dossiers, marques et dates ; mutt, Dovecot et d’autres le lisent) ou en mbox (un fichier par boîte, que Thunderbird et Apple Mail importent).
transfer-server = Depuis un autre serveur
transfer-server-why = Toutes les boîtes sont copiées avec leurs marques et leurs dates. Rien ne change là-bas. Si la ligne est coupée, cela reprend tout seul ; si vous recommencez plus tard, seul le nouveau est repris.
transfer-host = Serveur (IMAP)
transfer-secure = Sécurité
transfer-plain = aucune (seulement dans un réseau de confiance)
transfer-port = Port
transfer-port-hint = Seulement si ce n’est pas le port habituel.
transfer-user = Nom d’utilisateur là-bas
transfer-password = Mot de passe là-bas
transfer-password-hint = Gardé scellé jusqu’à ce que tout soit arrivé, puis oublié.
transfer-trusted = Empreinte de son certificat
transfer-trusted-hint = Seulement si le certificat est celui du serveur lui-même ; le message du problème la donne.
transfer-begin = Commencer
transfer-files = Depuis des fichiers
transfer-files-why = Fichiers au format mbox (comme ceux de Thunderbird), messages seuls (.eml) ou .tar d’un Maildir.
transfer-mailbox = Dans cette boîte
transfer-mailbox-hint = Vide : les boîtes portent les noms des fichiers et dossiers.
transfer-choose = Fichiers
transfer-incomplete = Il faut le serveur et le nom d’utilisateur ; le port est un nombre.
mail-kept = Gardés
me-bad-name = « { $s } » ne peut pas servir de nom : il est vide, trop long ou contient un signe interdit.
me-exists = « { $s } » est déjà pris.
me-nobody = Il n’y a pas de « { $s } » ici.
me-full = La boîte de { $s } est pleine : il faut d’abord y supprimer quelque chose.
me-many-folders = Il y a { $s } dossiers et il ne peut y en avoir plus : supprimez-en d’abord.
me-needs-owner = Une liste a besoin d’un propriétaire : nommez-en d’abord un autre.
me-needs-manager = Quelqu’un doit gérer la boîte : nommez d’abord une autre personne.
me-many-members = Il ne peut pas y avoir plus de membres : ajoutez un groupe.
me-enough = Ce nœud ne peut pas en avoir davantage.
me-no-sender = Le message n’a pas d’expéditeur à qui répondre.
me-into-itself = Un dossier ne peut pas être mis dans lui-même.
mail-done = C’est fait.
mail-select-all = Tout choisir
mail-empty-inbox = Votre boîte de réception est vide. Le courrier pour { $s } arrive ici.
mail-rule-up = Monter
mail-rules-none = Pas encore de règle. Avec une règle, le courrier d’une liste ou d’une personne va de lui-même dans un dossier.
mail-vacation-empty = Écrivez ce qui est répondu pendant votre absence.
