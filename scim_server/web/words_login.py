"""What the pages of signing in say."""

from collections.abc import Mapping

from scim_server.services.languages import Language

LOGIN: Mapping[str, Mapping[Language, str]] = {
    "login.title": {Language.EN: "Sign in", Language.PT_BR: "Entrar"},
    "login.how": {
        Language.EN: "Type the address that you sign in with. If your company signs you in itself, we take you there.",
        Language.PT_BR: "Informe o endereço com que você entra. Se sua empresa tem acesso próprio, levamos você lá.",
    },
    "login.who": {Language.EN: "E-mail address or telephone", Language.PT_BR: "Endereço de e-mail ou telefone"},
    "login.continue": {Language.EN: "Continue", Language.PT_BR: "Continuar"},
    "login.sign_in": {Language.EN: "Sign in", Language.PT_BR: "Entrar"},
    "login.no_address": {
        Language.EN: "This is neither an e-mail address, such as name@example.com, nor a telephone number with its "
        "country, such as +44 20 7946 0000.",
        Language.PT_BR: "Este não é um endereço de e-mail, como nome@example.com, nem um telefone com o código do "
        "país, como +55 11 96123-4567.",
    },
    "login.choose_way": {Language.EN: "Sign in to {organization}", Language.PT_BR: "Entrar em {organization}"},
    "login.through": {Language.EN: "Continue with {name}", Language.PT_BR: "Continuar com {name}"},
    "login.with_password": {
        Language.EN: "Use a password or an access code",
        Language.PT_BR: "Usar senha ou código de acesso",
    },
    "login.with_password_instead": {Language.EN: "Use a password instead", Language.PT_BR: "Usar uma senha"},
    "login.somebody_else": {
        Language.EN: "Sign in with another address",
        Language.PT_BR: "Entrar com outro endereço",
    },
    "login.number": {
        Language.EN: "If you ask your administrator for help, give them this number: {code}",
        Language.PT_BR: "Se pedir ajuda ao administrador, informe este número: {code}",
    },
    "login.wrong_password": {
        Language.EN: "Address and password do not go together. Check both, or have a code sent to you.",
        Language.PT_BR: "O endereço e a senha não conferem. Verifique os dois ou peça um código.",
    },
    "login.wrong_code": {
        Language.EN: "This code is wrong, was used already, or is too old. Look at the latest message, or ask for a "
        "new one.",
        Language.PT_BR: "Este código está errado, já foi usado ou é antigo. Veja a última mensagem ou peça um novo.",
    },
    "login.wrong_second_factor": {
        Language.EN: "This is wrong, or was used already. Try again; of a code of your app, wait for the next.",
        Language.PT_BR: "Está errado ou já foi usado. Tente de novo; se for um código do aplicativo, espere o próximo.",
    },
    "login.too_many_tries": {
        Language.EN: "There were too many tries. Wait a quarter of an hour, or try another way.",
        Language.PT_BR: "Houve tentativas demais. Espere quinze minutos ou tente de outra forma.",
    },
    "login.code": {Language.EN: "Sign in with an access code", Language.PT_BR: "Entrar com código de acesso"},
    "login.access_code": {Language.EN: "Access code", Language.PT_BR: "Código de acesso"},
    "login.code_how": {
        Language.EN: "We can send a code to {to}, if you have an account with it.",
        Language.PT_BR: "Podemos enviar um código para {to}, se você tiver uma conta com ele.",
    },
    "login.code_sent": {
        Language.EN: "If you have an account with {to}, a code of six digits is on its way. It is good for ten "
        "minutes. One is sent a minute at the most.",
        Language.PT_BR: "Se você tiver uma conta com {to}, um código de seis dígitos está a caminho. Ele vale por dez "
        "minutos. No máximo um é enviado por minuto.",
    },
    "login.send_code": {Language.EN: "Send me a code by e-mail", Language.PT_BR: "Enviar um código por e-mail"},
    "login.send_again": {Language.EN: "Send a new code", Language.PT_BR: "Enviar um novo código"},
    "login.send_sms": {Language.EN: "Send a code by SMS", Language.PT_BR: "Enviar um código por SMS"},
    "login.send_whatsapp": {
        Language.EN: "Send a code by WhatsApp",
        Language.PT_BR: "Enviar um código por WhatsApp",
    },
    "login.second": {Language.EN: "One more step", Language.PT_BR: "Mais um passo"},
    "login.passkey": {Language.EN: "Use a passkey", Language.PT_BR: "Usar chave de acesso"},
    "login.passkey_how": {
        Language.EN: "Confirm with your passkey: a fingerprint, your face, or the PIN of this device or of a security "
        "key.",
        Language.PT_BR: "Confirme com sua chave de acesso: impressão digital, rosto ou PIN deste dispositivo ou de uma "
        "chave de segurança.",
    },
    "login.passkey_problem": {
        Language.EN: "That did not work, or was stopped. Try again, or take another way.",
        Language.PT_BR: "Não funcionou ou foi interrompido. Tente de novo ou use outra forma.",
    },
    "login.passkey_script": {
        Language.EN: "For your passkey, allow scripts on this page.",
        Language.PT_BR: "Para usar sua chave de acesso, permita scripts nesta página.",
    },
    "login.app_how": {
        Language.EN: "Open your authenticator app, and type the code that it shows.",
        Language.PT_BR: "Abra seu aplicativo autenticador e digite o código que ele mostra.",
    },
    "login.app_code": {Language.EN: "Code of the app", Language.PT_BR: "Código do aplicativo"},
    "login.lost": {Language.EN: "Is it out of your reach?", Language.PT_BR: "Não está ao seu alcance?"},
    "login.recovery_code": {Language.EN: "Recovery code", Language.PT_BR: "Código de recuperação"},
    "login.recovery_hint": {
        Language.EN: "One of the ten that you were shown when you set it up. Each is good once.",
        Language.PT_BR: "Um dos dez mostrados na configuração. Cada um vale uma vez.",
    },
    "login.lost_all": {
        Language.EN: "If you cannot do this any more, ask your administrator.",
        Language.PT_BR: "Se você não consegue mais fazer isso, fale com o administrador.",
    },
    "login.app": {
        Language.EN: "Set up an authenticator app",
        Language.PT_BR: "Configurar um aplicativo autenticador",
    },
    "login.app.why": {
        Language.EN: "{organization} asks every member for a second step besides the password.",
        Language.PT_BR: "{organization} pede a todos um segundo passo além da senha.",
    },
    "login.app.wrong": {
        Language.EN: "This is not the code that the app shows now. Type the current one; the clock of your telephone "
        "has to be right.",
        Language.PT_BR: "Este não é o código que o aplicativo mostra agora. Digite o atual; o relógio do telefone deve "
        "estar certo.",
    },
    "app.how": {
        Language.EN: "Scan this picture with an app such as Google Authenticator, Microsoft Authenticator or "
        "1Password, and type the code that it shows then.",
        Language.PT_BR: "Leia esta imagem com um aplicativo como Google Authenticator, Microsoft Authenticator ou "
        "1Password e digite o código que ele mostrar.",
    },
    "app.picture": {
        Language.EN: "QR code of the secret that stands below it",
        Language.PT_BR: "Código QR do segredo que aparece abaixo",
    },
    "app.by_hand": {
        Language.EN: "Or enter this secret there by hand:",
        Language.PT_BR: "Ou digite este segredo no aplicativo:",
    },
    "app.code": {Language.EN: "Code that the app shows", Language.PT_BR: "Código que o aplicativo mostra"},
    "app.confirm": {Language.EN: "Confirm", Language.PT_BR: "Confirmar"},
    "codes.title": {Language.EN: "Keep these recovery codes", Language.PT_BR: "Guarde estes códigos de recuperação"},
    "codes.how": {
        Language.EN: "With one of them you get in when your telephone is lost. Each is good once. Print them, or keep "
        "them with your passwords: they are not shown again.",
        Language.PT_BR: "Com um deles você entra se perder o telefone. Cada um vale uma vez. Imprima-os ou guarde-os "
        "com suas senhas: eles não serão mostrados de novo.",
    },
    "codes.done": {Language.EN: "I have kept them", Language.PT_BR: "Já os guardei"},
    "login.where": {Language.EN: "Where to?", Language.PT_BR: "Para onde?"},
    "login.where_how": {
        Language.EN: "You belong to several organizations. You can switch later.",
        Language.PT_BR: "Você participa de várias organizações. Você pode trocar depois.",
    },
    "login.company": {
        Language.EN: "{organization} signs you in itself",
        Language.PT_BR: "{organization} tem acesso próprio",
    },
    "login.company_how": {
        Language.EN: "It takes neither passwords nor access codes here. Continue with its own sign-in.",
        Language.PT_BR: "Não aceita senhas nem códigos aqui. Continue com o acesso da organização.",
    },
    "login.elsewhere": {
        Language.EN: "Or go to another organization of yours:",
        Language.PT_BR: "Ou vá para outra organização sua:",
    },
    "login.over": {Language.EN: "Please begin again", Language.PT_BR: "Comece de novo, por favor"},
    "login.over_why": {
        Language.EN: "Too much time has passed, or something has changed meanwhile.",
        Language.PT_BR: "Passou tempo demais ou algo mudou nesse meio-tempo.",
    },
    "login.begin_again": {Language.EN: "Sign in", Language.PT_BR: "Entrar"},
    "login.refused": {Language.EN: "You cannot sign in", Language.PT_BR: "Você não pode entrar"},
    "login.refused.no_active_user": {
        Language.EN: "You have an account, but no organization lets you in at the moment. Ask your administrator.",
        Language.PT_BR: "Você tem uma conta, mas nenhuma organização permite sua entrada agora. Fale com o "
        "administrador.",
    },
    "login.refused.wrong_second_factor": {
        Language.EN: "The second step went wrong. Begin again.",
        Language.PT_BR: "O segundo passo deu errado. Comece de novo.",
    },
    "login.refused.too_many_tries": {
        Language.EN: "There were too many tries. Wait a quarter of an hour, and begin again.",
        Language.PT_BR: "Houve tentativas demais. Espere quinze minutos e comece de novo.",
    },
    "login.no_way": {
        Language.EN: "Your organization has its own sign-in, which is not set up or switched off. Ask your "
        "administrator.",
        Language.PT_BR: "Sua organização tem acesso próprio, que não está configurado ou está desligado. Fale com o "
        "administrador.",
    },
}
