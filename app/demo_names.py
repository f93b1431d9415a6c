"""Made-up names and places for the demo data, in both scripts."""

NAMES = (
    ("Rahima Khatun", "রহিমা খাতুন"),
    ("Md. Jasim Uddin", "মোঃ জসিম উদ্দিন"),
    ("Priyanka Saha", "প্রিয়াঙ্কা সাহা"),
    ("Abdul Quader", "আব্দুল কাদের"),
    ("Sumaiya Akter", "সুমাইয়া আক্তার"),
    ("Ripon Chandra Das", "রিপন চন্দ্র দাস"),
    ("Farzana Yasmin", "ফারজানা ইয়াসমিন"),
    ("Nurul Islam", "নুরুল ইসলাম"),
    ("Shahnaz Parvin", "শাহনাজ পারভীন"),
    ("Lakshmi Rani Saha", "লক্ষ্মী রানী সাহা"),
    ("Gyanendra Mohan Roy", "জ্ঞানেন্দ্র মোহন রায়"),
    ("Krishna Gopal Banerjee", "কৃষ্ণ গোপাল ব্যানার্জী"),
    ("Biplob Chandra Das", "বিপ্লব চন্দ্র দাস"),
    ("Nusrat Jahan", "নুসরাত জাহান"),
    ("Mizanur Rahman", "মিজানুর রহমান"),
    ("Shariful Islam", "শরীফুল ইসলাম"),
    ("Khadija Begum", "খাদিজা বেগম"),
    ("Mohammad Ali", "মোহাম্মদ আলী"),
    ("Tahmina Sultana", "তাহমিনা সুলতানা"),
    ("Anwar Hossain", "আনোয়ার হোসেন"),
    ("Rokeya Sultana", "রোকেয়া সুলতানা"),
    ("Zahirul Haque", "জহিরুল হক"),
)
SHOPS = (
    ("Bhai Bhai Store", "ভাই ভাই স্টোর"),
    ("Al-Amin Pharmacy", "আল-আমিন ফার্মেসি"),
    ("Sri Sri Durga Store", "শ্রী শ্রী দুর্গা স্টোর"),
    ("Radiant School", "র‍্যাডিয়েন্ট স্কুল"),
)
ZONES = ("Station Road", "College Para", "কান্দিপাড়া", "Ghat Bazar", "মধ্যপাড়া")
HOUSES = ("12", "7/A", "৪৫", "103", "২/খ", "31")
ROADS = ("Road 3", "Road 5", "স্টেশন রোড", "College Road", "রোড ৭")
