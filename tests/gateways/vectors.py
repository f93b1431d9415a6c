"""Published signatures, checked by computation (reference: gateways, §2.2 and §3.4)."""

NAGAD_MERCHANT_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAiWpMi6qI1kwwFVHTSS77l4UTlfi18pqp7pAa5olsE2JyWJva+XCh49YW"
    "EEYVOXosujZhVSaibcKccsg0glkqEpiEDKDtio2MgeXA2o0ReOb9RpknsoiJ9IZeeajPKISRo10FT314qhAeXOURCfE6MvN4MxhN"
    "wKZi4qaHoJ8DJHsLEzQ23ucWXcTdanyokYgi+9tBbUHyMDw6fWamxtjkG3cmVAfCNPIqyidMf6bDOEo12rIJRwSuRtQ1+wZsHAfz"
    "0WwtHB2Mt6Vw5iyPKWZdTXoS822r9GOHz+DHZ6UJ382SXaWhlRNKCNeZavimdLW5ZTXEvv+DEsFvmn7zsPW2swIDAQAB"
)
NAGAD_GATEWAY_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjBH1pFNSSRKPuMcNxmU5jZ1x8K9LPFM4XSu11m7uCfLUSE4SEjL30w3o"
    "ckFvwAcuJffCUwtSpbjr34cSTD7EFG1Jqk9Gg0fQCKvPaU54jjMJoP2toR9fGmQV7y9fz31UVxSk97AqWZZLJBT2lmv76AgpVV0k"
    "0xtb/0VIv8pd/j6TIz9SFfsTQOugHkhyRzzhvZisiKzOAAWNX8RMpG+iqQi4p9W9VrmmiCfFDmLFnMrwhncnMsvlXB8QSJCq2irr"
    "x3HG0SJJCbS5+atz+E1iqO8QaPJ05snxv82Mf4NlZ4gZK0Pq/VvJ20lSkR+0nk+s/v3BgIyle78wjZP1vWLU4wIDAQAB"
)

NAGAD_SIGNATURES = (
    (
        "merchant",
        (
            '{"merchantId":"683002007104225","orderId":"Order20240202124953","datetime":"2024'
            '0202124953","challenge":348027480}'
        ),
        "83e6733c1895e04108fea4d7d7dac682ba8bcc9ffdb8ee2f4b1ab180143e1200",
        (
            "B6QMGIFREuXwqZ/1D91rqIxMf5lCKcqwA5TATzTv5Z2OYN8e7Ex2uldjAX3N647qN2IqPUAGOV+722qG"
            "YZjfW7LWJdA6pY0buQwoZdfHqZX3zt57mXMNdEJNoBHVqEqXGXXB5Ke+U1r0kBxrocImiykHiLbAmJxv"
            "O3CR1EsFnLUhldwzRPw9WU/DL1sCh6g02mcy/z4X09CtMQbmbVdkfm3Vn3Rdy8lcPWz1tQkq/hkdMe2t"
            "/w+p6dc2hEO6wSsWwyoYOWS9X4pOYwR0ZPJfU/U+9FAcRevHoe2WdzmE7fbGjLoqs3MOgNkaWAzXxHqs"
            "w8pksGCzbVw7xUeuJxOtsw=="
        ),
    ),
    (
        "gateway",
        (
            '{"paymentReferenceId":"MDIwMjEyNTQ0NTAzMy42ODMwMDIwMDcxMDQyMjUuT3JkZXIyMDI0MDIwM'
            'jEyNDk1My5jYjEwOWM2NTgyYzU2ZjMzZjc0Zg==","challenge":"cb109c6582c56f33f74f","acc'
            'eptDateTime":"20240202125445"}'
        ),
        "b52652fdd7948e6025575632f131f3274855d9fb26460205dbdfb071dc4f0d67",
        (
            "UmMg7n3g+6NGPLYbELnOoI93kZ0ux6C0xP98rM3KOBSBS75GkcMhIGSDqaX5V+wmuk6SvcRAa1+250rn"
            "pO9oaZsOkPuk5hO+gQEe7gHNUrcK2d5XwJSr6VTkRv/fJJiAzPtNNmgC1aHFPj2J+jEGDiL/38aNu9Ca"
            "trC3rG3urscXwPlafp77bdnDX344cFw2CmhHOQ1jnFKxWVZvIgAYu10rwnGIUU/7SgDgCper7KSd3v9/"
            "Smlrm3aOJT6sjAcjnfMg1F+3tdoCQfXbK5am/MOCx8vGUfRk/BoOz9uxaHCC9Z32+spAhj0rRie2GaEP"
            "QjvaJkWpQwKvLA+6vC7YHA=="
        ),
    ),
    (
        "merchant",
        (
            '{"merchantId":"683002007104225","orderId":"Order20240202124953","currencyCode":"'
            '050","amount":"100","challenge":"cb109c6582c56f33f74f"}'
        ),
        "e9307362ef1574e66eb6842dca92e89748c8cf9b35c4ad33c1537172c7a5f1f0",
        (
            "DZz8IslvhHkEpesk4BQLaQdZ32fGv+HrULA7HLixku/uLlk3wx3xrDhKZ5142nHziX4I9G4fGF7sS8qG"
            "wl9I85GkVIS4bznBHhcP2wCifK5wT4pJ5HX1rn0veA+7OrZ89Y/61kMk+wFeX0s/88HbZwusE1zbMOPG"
            "8AwtG7UDX1QOyxXfH9ucNLQEFZ9S1ouR9WDsiWZN+GLep5oYLFiLDjOoSR4QSdNTTtJaJXz/ymr8JW3b"
            "XKmUlTPNiGY7ko/R/i55V5T0/HULXdtw2vDRkDslwfsfBKOAO2uDiL88NxzADdoZFtAWBeI9XNZOnKdA"
            "hKjI1NKXFrzbEsxQncqDTQ=="
        ),
    ),
)
"""Who signed, the bytes, their SHA-256, the signature."""

SSLCOMMERZ_PASSWORD = "test_testemi@ssl"
SSLCOMMERZ_VERIFY_KEY = (
    "amount,bank_tran_id,base_fair,card_brand,card_issuer,card_issuer_country,card_issuer_count"
    "ry_code,card_no,card_type,currency,currency_amount,currency_rate,currency_type,risk_level,"
    "risk_title,status,store_amount,store_id,tran_date,tran_id,val_id,value_a,value_b,value_c,v"
    "alue_d"
)
SSLCOMMERZ_CANONICAL = (
    "amount=10.00&bank_tran_id=200105225825DBgSoRGLvczhFjj&base_fair=0.00&card_brand=VISA&card_"
    "issuer=TRUST BANK, LTD.&card_issuer_country=Bangladesh&card_issuer_country_code=BD&card_no"
    "=418117XXXXXX6675&card_type=VISA-Dutch Bangla&currency=BDT&currency_amount=10.00&currency_"
    "rate=1.0000&currency_type=BDT&risk_level=0&risk_title=Safe&status=VALID&store_amount=9.75&"
    "store_id=test_testemi&store_passwd=1b41a39d56805bad5982ddff7a9841b1&tran_date=2020-01-05 2"
    "2:58:21&tran_id=5E121A0D01F92&val_id=200105225826116qFnATY9sHIwo&value_a=&value_b=&value_c"
    "=&value_d="
)
SSLCOMMERZ_MD5 = "d42fab70ae0bcbda5280e7baffef60b0"
SSLCOMMERZ_SHA2 = "02c0417ff467c109006382d56eedccecd68382e47245266e7b47abbb3d43976e"
